from itertools import pairwise

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from core.search.studies import StudyRecord, TrialRecord
from dashboard.views.trials.charts import (
    MOST_DRAWN,
    drawn_trials,
    overlay_figure,
    trial_figure,
)
from dashboard.views.trials.style import SCALE
from dashboard.views.trials.tables import (
    TrialFilter,
    differences_table,
    optimum_table,
    rerun_command,
    trials_table,
)

DISTRIBUTIONS = {
    "activation": CategoricalDistribution(("relu", "leaky_relu")),
    "learning_rate": FloatDistribution(1e-4, 10.0, log=True),
}


def trial(number, value=None, *, state="complete", **more):
    params = more.pop("params", {"activation": "relu", "learning_rate": 0.001 * (number + 1)})
    return TrialRecord(
        number,
        state,
        value,
        params,
        distributions={name: DISTRIBUTIONS[name] for name in params},
        **more,
    )


def study(*values, name="ae80", direction="maximize"):
    trials = tuple(trial(number, value) for number, value in enumerate(values))
    return StudyRecord(name, (direction,), {}, trials)


def test_a_filter_without_bounds_lets_every_trial_pass():
    trials = [trial(0, 1.0), trial(1, state="fail"), trial(2, state="waiting", params={})]
    assert TrialFilter().matching(trials) == trials


def test_bounds_of_value_parameter_and_choice_each_keep_trials_out():
    trials = [trial(number, float(number)) for number in range(4)]
    assert [t.number for t in TrialFilter(values=(1, 2)).matching(trials)] == [1, 2]
    ranges = {"learning_rate": (0.0025, 0.1)}
    assert [t.number for t in TrialFilter(ranges=ranges).matching(trials)] == [2, 3]
    assert TrialFilter(choices={"activation": ["leaky_relu"]}).matching(trials) == []
    assert TrialFilter(states=("pruned",)).matching(trials) == []


def test_a_trial_without_a_value_passes_a_range_of_values():
    waiting = trial(1, state="pruned")
    assert TrialFilter(values=(5, 6)).matching([trial(0, 1.0), waiting]) == [waiting]


def test_few_trials_are_all_drawn_and_of_many_an_even_choice_with_the_best():
    few = [trial(number, 0.0) for number in range(5)]
    assert drawn_trials(few, best=None) == few
    many = [trial(number, 0.0) for number in range(5000)]
    drawn = drawn_trials(many, best=many[17])
    numbers = [found.number for found in drawn]
    assert len(numbers) <= MOST_DRAWN + 1
    assert 17 in numbers
    assert numbers == sorted(numbers)
    assert max(b - a for a, b in pairwise(numbers)) < 12


def test_the_history_shows_the_numbers_that_the_trials_have_in_their_study():
    trials = [trial(3, 1.0), trial(7, 3.0), trial(9, 2.0)]
    points, best = trial_figure("history", trials, direction="maximize").data
    assert list(points.x) == list(best.x) == [3, 7, 9]
    assert list(points.y) == [1.0, 3.0, 2.0]
    assert list(best.y) == [1.0, 3.0, 3.0]


def test_slices_are_coloured_by_the_trials_own_numbers_on_our_scale():
    trials = [trial(3, 1.0), trial(7, 3.0)]
    figure = trial_figure("slice", trials, direction="maximize")
    assert list(figure.data[0].marker.color) == [3, 7]
    assert figure.layout.template.layout.plot_bgcolor is None
    assert [color for _, color in figure.data[0].marker.colorscale] == [c for _, c in SCALE]


def test_values_can_have_a_logarithmic_axis():
    trials = [trial(0, 1.0), trial(1, 3.0)]
    axis = trial_figure("history", trials, direction="maximize", log_value=True).layout.yaxis
    assert axis.type == "log"


def test_overlaid_studies_have_one_colour_each():
    figure = overlay_figure("history", [study(1.0, 2.0), study(3.0, name="ae40")])
    colors = {trace.name.rsplit(" ")[-1]: trace.line.color for trace in figure.data}
    assert set(colors) == {"ae80", "ae40"}
    assert len(set(colors.values())) == 2


def test_studies_with_other_directions_are_refused_by_name():
    with pytest.raises(ValueError, match=r"ae80 \(maximize\), ae40 \(minimize\)"):
        overlay_figure("edf", [study(1.0), study(1.0, name="ae40", direction="minimize")])


def test_a_table_of_trials_has_a_column_for_each_parameter_and_note():
    table = trials_table([trial(0, 1.0, attributes={"filters": [32, 64]}), trial(1, state="fail")])
    assert table.loc[0, ["activation", "filters"]].tolist() == ["relu", "32 64"]
    assert table["number"].tolist() == [0, 1]
    assert trials_table([]).empty


def test_differences_leave_out_what_is_equal():
    table = differences_table([trial(0, 1.0), trial(1, 2.0)]).set_index("property")
    assert sorted(table.index) == ["learning_rate", "value"]
    assert table.loc["learning_rate"].tolist() == ["0.001", "0.002"]


def test_the_thesis_stands_in_the_table_before_its_trial_has_run():
    empty = StudyRecord("ae80", ("maximize",), {"thesis": {"filters_1": 64}}, ())
    table = optimum_table(empty)
    assert list(table) == ["property", "Thesis (not run yet)"]
    assert optimum_table(StudyRecord("x", ("maximize",), {}, ())).empty


def test_the_command_to_train_a_trial_in_full_names_all_its_choices():
    found = trial(0, 1.0, attributes={"filters": [32, 64]})
    assert rerun_command("ae40", found) == (
        "python -m pipelines.train ae40 --filters 32 64 --activation relu "
        "--learning-rate 0.001 --restart"
    )
