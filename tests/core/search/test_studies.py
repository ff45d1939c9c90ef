import os
import time
from datetime import timedelta

import optuna
import pytest

from core.search.budget import Budget
from core.search.storage import close_storage, commit_study, live_path, open_storage, sqlite_url
from core.search.studies import as_study, to_record
from core.search.study_reading import read_study, study_names, study_state
from core.store import ArtifactError, ArtifactStore, DamagedArtifact, MissingArtifact


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path)


def objective(trial):
    rate = trial.suggest_float("rate", 1e-4, 1e-2, log=True)
    trial.set_user_attr("psnr_db", 20 + rate)
    for step in (1, 2):
        trial.report(step * rate, step)
    if trial.number == 1:
        raise optuna.TrialPruned
    if trial.number == 2:
        raise ValueError("as a bug would")
    return 20 + rate


def searched(store, model="ae80", *, committed=True, waiting=0):
    path = live_path(store, model)
    path.parent.mkdir(parents=True, exist_ok=True)
    storage = open_storage(sqlite_url(path))
    study = optuna.create_study(study_name=model, storage=storage, direction="maximize")
    study.set_user_attr("budget", {"epochs": 3})
    study.optimize(objective, n_trials=5, catch=ValueError)
    for _ in range(waiting):
        study.enqueue_trial({"rate": 1e-3})
    storage.remove_session()
    if committed:
        commit_study(store, model, storage, facts={})
    record = to_record(study)
    close_storage(storage)
    return record


def age(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_study_is_read_as_it_was_written(store):
    written = searched(store)
    assert read_study(store, "ae80") == written
    assert written.counts == {"complete": 3, "pruned": 1, "running": 0, "waiting": 0, "fail": 1}
    assert written.budget == {"epochs": 3}


def test_a_trial_keeps_parameters_reports_notes_and_times(store):
    searched(store)
    trial = read_study(store, "ae80").trials[0]
    assert trial.value == pytest.approx(20 + trial.params["rate"])
    assert trial.reports == {1: trial.params["rate"], 2: 2 * trial.params["rate"]}
    assert trial.attributes["psnr_db"] == trial.value
    assert trial.seconds == (trial.finished - trial.started) / timedelta(seconds=1)


def test_only_a_complete_trial_has_a_value_and_can_be_the_best(store):
    record = searched(store)
    assert [trial.value is None for trial in record.trials] == [False, True, True, False, False]
    assert record.best.value == max(trial.value for trial in record.trials if trial.value)


def test_the_best_of_a_minimised_study_is_the_lowest():
    study = optuna.create_study(direction="minimize")
    study.optimize(lambda trial: trial.suggest_float("rate", 0, 1), n_trials=5)
    assert to_record(study).best.value == study.best_value


def test_reading_leaves_no_trace_in_the_folder(store):
    searched(store)
    before = sorted(path.name for path in store.root.rglob("*"))
    read_study(store, "ae80")
    assert sorted(path.name for path in store.root.rglob("*")) == before


def test_a_live_study_is_read_while_it_has_news_else_the_committed_one(store):
    searched(store)
    live = live_path(store, "ae80")
    os.utime(live, None)
    storage = open_storage(sqlite_url(live))
    optuna.load_study(study_name="ae80", storage=storage).optimize(objective, n_trials=1)
    close_storage(storage)
    assert len(read_study(store, "ae80").trials) == 6
    age(live, 3600)
    assert len(read_study(store, "ae80").trials) == 5


def test_a_study_is_live_while_trials_are_open_and_somebody_writes(store):
    searched(store, committed=False, waiting=1)
    assert read_study(store, "ae80").is_live
    age(live_path(store, "ae80"), 3600)
    assert not read_study(store, "ae80").is_live


def test_a_study_without_open_trials_is_not_live(store):
    searched(store, committed=False)
    assert not read_study(store, "ae80").is_live


def test_studies_are_listed_whether_live_or_committed(store):
    searched(store, "ae80")
    live_path(store, "ae80").unlink()
    searched(store, "ae40", committed=False)
    assert study_names(store) == ["ae40", "ae80"]


def test_an_empty_store_has_no_studies(store):
    assert study_names(store) == []
    with pytest.raises(MissingArtifact, match=r"python -m pipelines\.search ae80"):
        read_study(store, "ae80")


def test_the_state_of_a_study_changes_with_its_files(store):
    searched(store)
    before = study_state(store, "ae80")
    assert study_state(store, "ae80") == before
    os.utime(live_path(store, "ae80"), None)
    assert study_state(store, "ae80") != before


def test_a_changed_byte_in_a_committed_study_is_refused_by_name(store):
    searched(store)
    live_path(store, "ae80").unlink()
    file = store.root / "studies" / "ae80.db"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(DamagedArtifact, match=r"studies/ae80\.db is damaged"):
        read_study(store, "ae80")


@pytest.mark.parametrize("content", [b"", b"no database" * 999])
def test_a_live_file_that_is_no_study_is_refused_by_name(store, content):
    path = live_path(store, "ae80")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"cache/search/ae80\.db"):
        read_study(store, "ae80")


def test_a_database_without_the_study_says_so(store):
    searched(store, "ae40", committed=False)
    live_path(store, "ae40").rename(live_path(store, "ae80"))
    with pytest.raises(MissingArtifact, match="holds no study ae80"):
        read_study(store, "ae80")


def test_records_become_a_study_for_the_plots_under_their_own_numbers(store):
    record = searched(store)
    chosen = [trial for trial in record.trials if trial.state == "complete"]
    study = as_study("ae80", "maximize", chosen)
    assert [trial.number for trial in study.trials] == [0, 3, 4]
    assert [trial.params for trial in study.trials] == [dict(trial.params) for trial in chosen]
    assert study.get_trials(states=(optuna.trial.TrialState.FAIL,)) == []


@pytest.mark.parametrize("name", ["images", "validation_images", "epochs", "batch"])
def test_a_budget_of_nothing_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1; received 0"):
        Budget(**{name: 0})
