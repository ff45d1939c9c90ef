"""Which runs Training draws before anybody chose."""

from tests.dashboard.views.training.committed_runs import commit


def test_steps_between_the_thesis_and_bnk_can_be_chosen_and_are_not_drawn_at_first(
    open_page, tmp_path
):
    for name in ("bottleneck", "ae20", "ae20_rd", "ladder_hyperprior", "my_own"):
        commit(tmp_path, name)
    runs = open_page("training", tmp_path).multiselect(key="runs")
    assert set(runs.value) == {"bottleneck", "ae20", "my_own"}
    assert "Ladder: with a hyperprior" in runs.options


def test_steps_are_drawn_where_there_is_nothing_else(open_page, tmp_path):
    commit(tmp_path, "ae20_rd")
    assert open_page("training", tmp_path).multiselect(key="runs").value == ["ae20_rd"]
