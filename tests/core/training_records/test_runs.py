import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.store import ArtifactStore, DamagedArtifact
from core.training_records.runs import SILENCE_BEFORE_DEATH, measure_of, outlook, read_runs
from core.training_records.tables import (
    ABSENT,
    config_differences,
    config_table,
    epoch_table,
    level_table,
    run_table,
)

CONFIG = {"learning_rate": 0.0015, "epochs": 10, "patience": 5, "filters": [32, 64]}
HEADER = "epoch,loss,validation_loss,validation_psnr_db,images,seconds,total_seconds"
ROWS = ("1,0.5,0.4,20,100,60,60", "2,0.3,0.2,23,200,60,120", "3,0.2,0.25,22,300,90,210")


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path)


def commit(store, name, *, rows=ROWS, header=HEADER, config=CONFIG, running=None, **more):
    text = "\n".join([header, *rows]) + "\n"
    file = f"{name.rpartition('/')[2]}.csv"
    facts = {"model": name, "config": config, "running": running, **more}
    store.commit(f"histories/{name}", {file: text.encode()}, facts=facts)


def publish(store, name, *, run, **training):
    card = json.dumps({"training": training}).encode()
    store.commit(f"models/{name}", {f"{name}/card.json": card}, facts={"run": run})


def read(store, name="ae80"):
    return read_runs(store).runs[name]


def test_a_store_without_histories_has_no_runs(store):
    assert read_runs(store) == ({}, ())


def test_a_history_gives_its_rows_and_its_minutes(store):
    commit(store, "ae80")
    run = read(store)
    assert list(run.frame["loss"]) == [0.5, 0.3, 0.2]
    assert list(run.frame["minutes"]) == [1.0, 2.0, 3.5]
    assert run.columns == ["loss", "validation_loss", "validation_psnr_db"]
    assert run.best_row == 1


def test_the_best_epoch_is_the_one_that_the_training_says(store):
    commit(store, "ae80", best_epoch=3, stage_starts=[1, 3])
    run = read(store)
    assert (run.best_row, run.stage_starts) == (2, (1, 3))
    assert run_table([run]).iloc[0]["best_epoch"] == 3
    assert outlook(run).waited == 0


def test_a_history_tells_what_early_stopping_and_the_guard_did(store):
    commit(store, "ae80", first_stop=2, undone_epochs=4)
    commit(store, "ae40")
    told = run_table([read(store)]).iloc[0]
    assert (told["first_stop"], told["undone_epochs"]) == (2, 4)
    untold = run_table([read_runs(store).runs["ae40"]]).iloc[0]
    assert np.isnan(untold["first_stop"])
    assert untold["undone_epochs"] == 0


def test_a_lowered_learning_rate_starts_a_new_count_of_epochs_without_gain(store):
    header = "epoch,validation_loss,learning_rate"
    rows = ["1,0.2,0.003", "2,0.3,0.003", "3,0.3,0.001", "4,0.25,0.001"]
    config = CONFIG | {"lr_drops": 2}
    commit(store, "ae80", header=header, rows=rows, config=config, running={"epoch": 5})
    assert read(store).drops == [2]
    assert (outlook(read(store)).waited, outlook(read(store)).drops_left) == (2, 1)


def test_a_scheduled_learning_rate_was_not_lowered(store):
    rows = ["1,0.2,0.003", "2,0.3,0.002", "3,0.3,0.000667"]
    commit(store, "ae80", header="epoch,validation_loss,learning_rate", rows=rows)
    assert read(store).drops == []


def test_the_best_epoch_of_an_older_history_is_that_of_its_published_model(store):
    commit(store, "ae80", run="x")
    publish(store, "ae80", run="x", epochs=3, best_epoch=3)
    assert read(store).best_row == 2


@pytest.mark.parametrize("other", [{"run": "y", "epochs": 3}, {"run": "x", "epochs": 2}])
def test_a_model_of_another_training_or_of_fewer_epochs_does_not_say_the_best(store, other):
    commit(store, "ae80", run="x")
    publish(store, "ae80", best_epoch=1, **other)
    assert read(store).best_row == 1


def test_without_a_record_the_best_epoch_is_the_best_of_the_last_stage(store):
    commit(store, "ae80", stage_starts=[1, 3])
    assert read(store).best_row == 2


def test_a_run_in_a_folder_of_its_own_keeps_its_whole_name(store):
    commit(store, "bottleneck/second")
    assert list(read_runs(store).runs) == ["bottleneck/second"]


def test_a_training_before_its_first_epoch_has_no_rows_and_no_best(store):
    commit(store, "ae80", rows=(), header="epoch", running={"epoch": 1, "step": 3, "steps": 9})
    run = read(store)
    assert len(run.frame) == 0
    assert run.best_row is None
    assert outlook(run).share == pytest.approx(1 / 3)
    assert outlook(run).total_seconds is None


def test_values_that_are_no_finite_numbers_become_gaps(store):
    commit(store, "ae80", header="epoch,loss,note", rows=("1,inf,hello", "2,,there", "3,0.5,x"))
    frame = read(store).frame
    assert list(frame.columns) == ["epoch", "loss"]
    assert np.isnan(frame["loss"]).tolist() == [True, True, False]


def test_a_damaged_history_is_named_and_hides_no_other(store):
    commit(store, "ae80")
    commit(store, "ae40")
    (store.root / "histories" / "ae40.csv").write_text("epoch\n")
    runs, problems = read_runs(store)
    assert list(runs) == ["ae80"]
    assert [problem.key for problem in problems] == ["histories/ae40"]


@pytest.mark.parametrize("content", [b"", b"loss\n0.5\n", b"\xff\xfe\x00\x81"])
def test_a_file_that_is_no_history_is_called_damaged(store, content):
    store.commit("histories/ae80", {"ae80.csv": content}, facts={})
    (problem,) = read_runs(store).problems
    assert isinstance(problem, DamagedArtifact)
    assert "not a table of numbers" in str(problem)


def test_a_run_is_interrupted_once_it_was_silent_for_too_long(store):
    commit(store, "ae80", running={"epoch": 4, "step": 1})
    run = read(store)
    now = datetime.now(UTC)
    assert run.state(now) == "running"
    assert run.state(now + SILENCE_BEFORE_DEATH + timedelta(seconds=1)) == "interrupted"
    commit(store, "ae80")
    assert read(store).state(now) == "ended"


def test_the_outlook_counts_what_is_left_and_the_epochs_without_gain(store):
    commit(store, "ae80", running={"epoch": 4, "step": 5, "steps": 10, "images_per_second": 50.0})
    ahead = outlook(read(store))
    assert (ahead.epoch, ahead.epochs, ahead.share) == (4, 10, 0.5)
    # Seven epochs of 70 s, of which half a one is done.
    assert ahead.total_seconds == pytest.approx(6.5 * 70)
    assert (ahead.waited, ahead.patience) == (1, 5)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("loss", ("loss", "training", None)),
        ("validation_psnr_db", ("psnr_db", "validation", None)),
        ("validation_bits_per_pixel_30", ("bits_per_pixel", "validation", 30)),
        ("units", ("units", "validation", None)),
        ("dead_units", ("dead_units", "validation", None)),
        ("rare_units_relu_2", ("rare_units_relu_2", "validation", None)),
    ],
)
def test_a_column_says_what_it_holds_by_its_name(column, expected):
    assert measure_of(column) == expected


def test_only_what_differs_between_runs_is_listed(store):
    commit(store, "ae80")
    commit(store, "ae40", config=CONFIG | {"learning_rate": 0.0017, "filters": [32], "extra": 1})
    table = config_differences([read(store, "ae80"), read(store, "ae40")])
    assert list(table.index) == ["learning_rate", "filters", "extra"]
    assert list(table.loc["filters"]) == ["32, 64", "32"]
    assert list(table.loc["extra"]) == [ABSENT, "1"]
    assert config_differences([read(store, "ae80")] * 2).empty


def test_the_configuration_of_one_run_is_listed_whole(store):
    commit(store, "ae80")
    assert list(config_table(read(store)).index) == list(CONFIG)


def test_the_table_of_runs_has_the_figures_of_the_best_epoch(store):
    commit(store, "ae80")
    row = run_table([read(store)]).iloc[0]
    assert (row["best_epoch"], row["validation_loss"], row["validation_psnr_db"]) == (2, 0.2, 23)
    assert (row["epochs"], row["images"], row["minutes"]) == (3, 300, 3.5)


def test_the_table_of_epochs_holds_every_row_of_every_run(store):
    commit(store, "ae80")
    commit(store, "ae40", rows=ROWS[:2])
    table = epoch_table(list(read_runs(store).runs.values()))
    assert table["run"].value_counts().to_dict() == {"ae80": 3, "ae40": 2}
    assert table.columns[0] == "run"
    assert epoch_table([]).empty


def test_what_was_measured_at_levels_has_a_row_per_epoch_and_level(store):
    header = "epoch,loss,validation_psnr_db_1,validation_psnr_db_90,validation_bits_per_pixel_1"
    header += ",validation_bits_per_pixel_90,seconds,total_seconds"
    commit(
        store,
        "ae80",
        rows=("1,0.5,20,30,0.2,2.0,60,60", "2,0.3,21,31,0.1,1.9,60,120"),
        header=header,
    )
    table = level_table(read(store))
    assert table["epoch"].tolist() == [1, 1, 2, 2]
    assert table["level"].tolist() == [1, 90, 1, 90]
    assert table["psnr_db"].tolist() == [20, 30, 21, 31]
    assert table["bits_per_pixel"].tolist() == [0.2, 2.0, 0.1, 1.9]
    commit(store, "ae40")
    assert level_table(read(store, "ae40")).empty
