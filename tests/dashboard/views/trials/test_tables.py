from dataclasses import replace

from core.search.published import PublishedModel
from core.search.studies import StudyRecord
from dashboard.views.trials.tables import (
    differences_table,
    first_columns,
    marks,
    rerun_command,
    sorted_trials,
    trials_table,
)
from tests.dashboard.views.trials.trial_records import searched, trial


def test_a_table_of_trials_has_a_column_for_each_parameter_and_note():
    table = trials_table([trial(0, 1.0, attributes={"filters": [32, 64]}), trial(1, state="fail")])
    assert table.loc[0, ["activation", "filters"]].tolist() == ["relu", "32 64"]
    assert table["number"].tolist() == [0, 1]
    assert trials_table([]).empty


def test_differences_leave_out_what_is_equal():
    table = differences_table([trial(0, 1.0), trial(1, 2.0)]).set_index("property")
    assert sorted(table.index) == ["learning_rate", "value"]
    assert table.loc["learning_rate"].tolist() == ["0.001", "0.002"]


def test_the_command_to_train_a_trial_in_full_names_all_its_choices():
    found = trial(0, 1.0, attributes={"filters": [32, 64]})
    study = StudyRecord("ae40", ("maximize",), {}, (found,))
    assert rerun_command(study, found) == (
        "python -m pipelines.train ae40 --name ae40_trial_0 --filters 32 64 --activation relu "
        "--learning-rate 0.001"
    )
    for_rate = replace(found, params={"channels": 24, "kernel": 5, "learning_rate": 0.001})
    assert rerun_command(replace(study, name="ae40_rd"), for_rate) == (
        "python -m pipelines.train ae40_rd --name ae40_rd_trial_0 --filters 32 64 --channels 24 "
        "--kernel 5 --learning-rate 0.001"
    )


def test_the_command_to_train_a_trial_names_the_data_set_of_a_persons_own():
    found = trial(0, 1.0, params={"activation": "relu"})
    study = StudyRecord("mine", ("maximize",), {"model": "ae40", "dataset": "photos"}, (found,))
    assert rerun_command(study, found) == (
        "python -m pipelines.train ae40 --name mine_trial_0 --dataset photos --activation relu"
    )
    default = replace(study, attributes={"model": "ae40", "dataset": "imagenette160"})
    assert "--dataset" not in rerun_command(default, found)


def test_the_table_shows_epochs_that_diverged_where_a_trial_has_any():
    calm, wild = (trial(n, 1.0, attributes={"diverged_epochs": n}) for n in range(2))
    assert "diverged_epochs" in first_columns(trials_table([calm, wild, trial(2, 1.0)]), [])
    assert "diverged_epochs" not in first_columns(trials_table([calm, trial(2, 1.0)]), [])


def test_the_table_says_why_a_trial_has_no_value():
    found = trial(0, state="pruned", attributes={"unjudged": "no overlap"})
    assert "unjudged" in first_columns(trials_table([found, trial(1, 1.0)]), [])


def test_the_best_score_stands_first_and_pruned_trials_last_in_every_order():
    trials = [
        trial(0, 1.0),
        trial(1, state="pruned", reports={1: 9.0}),
        trial(2, 3.0),
        trial(3, state="pruned", reports={1: 10.0}),
    ]
    found = StudyRecord("ae80", ("maximize",), {}, tuple(trials))
    by_score = [t.number for t in sorted_trials(found, trials, "score")]
    assert by_score == [2, 0, 3, 1]
    assert [t.number for t in sorted_trials(found, trials, "number")] == [0, 2, 1, 3]
    assert {t.number for t in sorted_trials(found, trials, "seconds")[:2]} == {0, 2}
    lowest = replace(found, directions=("minimize",))
    assert [t.number for t in sorted_trials(lowest, trials, "score")] == [0, 2, 1, 3]


def test_the_best_trial_and_that_of_the_thesis_are_marked():
    study = searched(better=True)
    assert marks(study, study.trials, ()) == ["thesis", "★ best"]
    study = searched(better=False)
    assert marks(study, study.trials, ()) == ["★ thesis", ""]


def test_the_trials_of_published_models_are_marked_beside_that_of_the_thesis():
    study = searched(better=True)
    study = replace(study, trials=(*study.trials, trial(2, 0.5)))
    first, best, later = (PublishedModel("ae80", found) for found in study.trials)
    assert marks(study, study.trials, [later]) == ["thesis", "★ best", "published"]
    assert marks(study, study.trials, [best]) == ["thesis", "★ published", ""]
    assert marks(study, study.trials, [first]) == ["thesis, published", "★ best", ""]
    assert marks(study, study.trials, [first, best]) == ["thesis, published", "★ published", ""]
    assert marks(study, study.trials, [PublishedModel("ae80", None)])[2] == ""


HOSTILE_NOTES = {
    "number": 9,
    "value": 5,
    "state": "odd",
    "seconds": -1,
    "object": {"a": [1, 2]},
    "none": None,
    "activation": "tanh",
}


def test_a_note_that_is_called_like_a_column_replaces_none():
    table = trials_table([trial(4, 1.5, attributes=HOSTILE_NOTES)])
    row = table.iloc[0]
    assert row[["number", "value", "state"]].tolist() == [4, 1.5, "complete"]
    assert row["activation"] == "relu"
    assert row["seconds (note)"] == -1
    assert row["activation (note)"] == "tanh"
    assert row["object"] == '{"a": [1, 2]}'
