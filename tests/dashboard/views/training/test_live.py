from tests.dashboard.views.training.committed_runs import VIEW, commit


def test_a_running_training_tells_its_speed_and_what_is_left(open_page, trained):
    running = {"epoch": 5, "step": 30, "steps": 60, "images_per_second": 42.0, "seconds_left": 95}
    commit(trained, "ae20", running=running)
    app = open_page(VIEW, trained)
    assert not app.exception
    tiles = {tile.label: tile.value for tile in app.metric}
    assert tiles["Images per second"] == "42"
    assert tiles["Left in this epoch"] == "1 min 35 s"
    assert tiles["Left at most"] == "1 h 35 min"
    assert tiles["Epochs without gain"] == "0 of 5"


def test_a_patience_of_one_epoch_is_no_plural(open_page, tmp_path):
    commit(tmp_path, "ae20", running={"epoch": 5, "step": 0}, patience=1)
    (tile,) = (tile for tile in open_page(VIEW, tmp_path).metric if "without gain" in tile.label)
    assert "ends after 1 epoch in a row" in tile.proto.help


def test_without_a_running_training_nothing_is_said_to_run(open_page, trained):
    assert not open_page(VIEW, trained).metric


def test_a_training_between_two_epochs_is_shown_without_figures_it_does_not_have(
    open_page, tmp_path
):
    commit(tmp_path, "ae20", epochs=1, running={"epoch": 2, "step": 0})
    app = open_page(VIEW, tmp_path)
    assert not app.exception
    assert "Images per second" not in {tile.label for tile in app.metric}


def test_a_training_without_a_finished_epoch_says_so(open_page, tmp_path):
    commit(tmp_path, "ae20", epochs=0, running={"epoch": 1, "step": 3, "steps": 9})
    app = open_page(VIEW, tmp_path)
    assert not app.exception
    assert any("has not finished an epoch" in info.value for info in app.info)
