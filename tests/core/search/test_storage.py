import multiprocessing
import os
import shlex
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import optuna
import pytest

from core.search.storage import (
    OutdatedStudy,
    StorageError,
    close_storage,
    commit_study,
    live_path,
    open_storage,
    restore_study,
    shown_url,
    sqlite_url,
    study_key,
)
from core.search.study_reading import read_database, read_study, study_names
from core.store import ArtifactStore, DamagedArtifact, UnreadableArtifact
from tests.faulty_disk import FAULTS, Died


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "artifacts")


def searched(path, *, trials=3, name="ae80"):
    path.parent.mkdir(parents=True, exist_ok=True)
    storage = open_storage(sqlite_url(path))
    study = optuna.create_study(
        study_name=name, storage=storage, direction="maximize", load_if_exists=True
    )
    study.optimize(lambda trial: trial.suggest_float("rate", 0, 1), n_trials=trials)
    return storage


def create_tables(url, name, start):
    start.wait()
    storage = open_storage(url)
    optuna.create_study(study_name=name, storage=storage, load_if_exists=True)


def created_by_four(url):
    """Exit statuses of four processes that make the tables at the same moment."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4)
    processes = [context.Process(target=create_tables, args=(url, "ae80", start)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "looks like postgresql://user:password@host/name; received 'nonsense'"),
        ("unknown://u:s3cret@host/x", r"received 'unknown://u:\*\*\*@host/x'"),
        ("mysql://u:s3cret@host/x", "needs the Python package MySQLdb"),
        ("sqlite:////proc/none/x.db", "does not answer: unable to open database file"),
        ("postgresql://u:s3cret@127.0.0.1:9/x", "does not answer: .*Connection refused"),
        ("postgresql://u:s3cret@a@127.0.0.1:9/s3cret", "does not answer"),
    ],
)
def test_a_storage_that_cannot_be_used_is_named_without_its_password(url, sentence):
    with pytest.raises(StorageError, match=sentence) as raised:
        open_storage(url)
    assert "s3cret@" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path):
    (tmp_path / "x.db").write_bytes(b"not a database, but long enough to look like one" * 99)
    with pytest.raises(StorageError, match="file is not a database"):
        open_storage(sqlite_url(tmp_path / "x.db"))


def test_a_password_is_replaced_by_stars_up_to_the_last_sign():
    assert shown_url("postgresql://me:pa@ss@host:1/x") == "postgresql://me:***@host:1/x"
    assert shown_url("sqlite:///a/b.db") == "sqlite:///a/b.db"


@pytest.mark.slow
def test_four_processes_may_create_the_same_study_at_once(tmp_path):
    assert created_by_four(sqlite_url(tmp_path / "study.db")) == [0, 0, 0, 0]


def test_a_database_that_somebody_has_locked_is_waited_for(tmp_path):
    storage = searched(tmp_path / "study.db", trials=1)
    study = optuna.load_study(study_name="ae80", storage=storage)
    locked = threading.Event()

    def lock(seconds=6.5):
        with closing(sqlite3.connect(tmp_path / "study.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            locked.set()
            time.sleep(seconds)
            other.rollback()

    # SQLite's own patience is five seconds.
    locker = threading.Thread(target=lock)
    locker.start()
    locked.wait()
    study.optimize(lambda trial: trial.suggest_float("rate", 0, 1), n_trials=1)
    locker.join()
    assert len(study.trials) == 2
    close_storage(storage)


def test_a_committed_study_holds_every_trial_that_was_finished(store):
    storage = searched(live_path(store, "ae80"))
    manifest = commit_study(store, "ae80", storage, facts={"trials": 3})
    close_storage(storage)
    live_path(store, "ae80").unlink()
    assert list(manifest.files) == ["ae80.db"]
    assert [trial.state for trial in read_study(store, "ae80").trials] == ["complete"] * 3


def test_a_study_can_be_committed_while_a_worker_writes_into_it(store):
    path = live_path(store, "ae80")
    storage = searched(path)
    study = optuna.load_study(study_name="ae80", storage=storage)
    study.ask()
    commit_study(store, "ae80", storage, facts={})
    close_storage(storage)
    copy = store.path("studies/ae80", "ae80.db")
    states = [trial.state for trial in read_database(copy, "ae80", shown="", live=False).trials]
    assert states == ["complete"] * 3 + ["running"]
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_study_in_a_foreign_database_is_committed_trial_by_trial(store, tmp_path, monkeypatch):
    # Any database but SQLite is copied through Optuna; here the same is done to an SQLite file.
    storage = searched(tmp_path / "foreign.db")
    searched(tmp_path / "foreign.db", trials=2, name="ae40").engine.dispose()
    monkeypatch.setattr(storage, "url", "foreign://host/name")
    commit_study(store, "ae80", storage, facts={})
    found = read_study(store, "ae80")
    assert [trial.value for trial in found.trials] == [
        trial.value for trial in optuna.load_study(study_name="ae80", storage=storage).trials
    ]
    close_storage(storage)


def test_the_live_database_is_made_again_from_the_committed_study(store):
    storage = searched(live_path(store, "ae80"))
    commit_study(store, "ae80", storage, facts={})
    close_storage(storage)
    assert not restore_study(store, "ae80")
    live_path(store, "ae80").unlink()
    assert restore_study(store, "ae80")
    close_storage(searched(live_path(store, "ae80"), trials=2))
    assert len(read_study(store, "ae80").trials) == 5


def test_without_a_committed_study_there_is_nothing_to_restore(store):
    assert not restore_study(store, "ae80")


ODD_FOLDERS = [
    "100% sure",
    "a#b",
    "what?",
    "x&mode=memory",
    "a=b;c",
    "{name}",
    "%41",
    "ä ö",
    "it's",
]


@pytest.mark.slow
@pytest.mark.parametrize("folder", ODD_FOLDERS)
def test_a_study_is_kept_and_read_in_a_folder_of_any_name(tmp_path, folder):
    store = ArtifactStore(tmp_path / folder)
    storage = searched(live_path(store, "ae80"))
    assert len(read_study(store, "ae80").trials) == 3
    commit_study(store, "ae80", storage, facts={})
    close_storage(storage)
    live_path(store, "ae80").unlink()
    assert len(read_study(store, "ae80").trials) == 3
    assert restore_study(store, "ae80")
    assert len(read_study(store, "ae80").trials) == 3


def test_databases_that_no_search_made_are_passed_over(store):
    close_storage(searched(live_path(store, "ae80")))
    for name in ("foo.bar", "-x", "a b", ".hidden"):
        (live_path(store, "ae80").parent / f"{name}.db").write_bytes(b"")
    assert study_names(store) == ["ae80"]


def made_by_another_optuna(path, revision):
    close_storage(searched(path))
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        database.commit()


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["v3.0.0.a", "v9.9.9.a"])
def test_a_live_study_of_another_optuna_is_to_be_upgraded_not_made_again(store, revision):
    made_by_another_optuna(live_path(store, "ae80"), revision)
    with pytest.raises(OutdatedStudy) as caught:
        read_study(store, "ae80")
    url = sqlite_url(live_path(store, "ae80"))
    assert caught.value.command == f"optuna storage upgrade --storage {shlex.quote(url)}"
    assert "again" not in str(caught.value)
    with pytest.raises(StorageError, match="upgrade it with: optuna storage upgrade"):
        open_storage(url)


def test_the_command_for_an_outdated_committed_study_upgrades_a_copy_of_it(store, tmp_path):
    path = tmp_path / "old.db"
    storage = searched(path)
    commit_study(store, "ae80", storage, facts={})
    close_storage(storage)
    made_by_another_optuna(path, "v3.0.0.a")
    store.commit(study_key("ae80"), {"ae80.db": path.read_bytes()}, facts={})
    with pytest.raises(OutdatedStudy) as caught:
        read_study(store, "ae80")
    *steps, search = caught.value.command.split(" && ")
    assert search == "python -m pipelines.search ae80"
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for step in steps:
        subprocess.run(step, shell=True, check=True, capture_output=True, env=environment)
    assert len(read_study(store, "ae80").trials) == 6


def test_a_locked_study_is_not_called_damaged(store, monkeypatch):
    monkeypatch.setattr("core.search.study_reading._READER_PATIENCE_SECONDS", 0.1)
    path = live_path(store, "ae80")
    close_storage(searched(path))
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UnreadableArtifact, match="database is locked"):
            read_study(store, "ae80")


def test_odd_values_in_a_database_are_named_as_damage(store):
    path = live_path(store, "ae80")
    close_storage(searched(path))
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE trial_params SET distribution_json = ?", ("[" * 100_000,))
        database.commit()
    with pytest.raises(DamagedArtifact, match="no database of studies"):
        read_study(store, "ae80")


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_at_every_failing_operation_the_old_or_the_new_study_is_committed(tmp_path, fault):
    storage = searched(tmp_path / "live.db", trials=1)
    counts = []
    for nth in range(1, 200):
        store = ArtifactStore(tmp_path / str(nth))
        commit_study(store, "ae80", storage_of(tmp_path / "live.db"), facts={})
        searched(tmp_path / "live.db", trials=1)
        total = len(optuna.load_study(study_name="ae80", storage=storage).trials)
        disk = FAULTS[fault](nth)
        try:
            with disk.inserted():
                commit_study(store, "ae80", storage, facts={})
        except (OSError, Died, StorageError):
            pass
        counts.append(total - len(read_study(store, "ae80").trials))
        assert counts[-1] in (0, 1)
        commit_study(store, "ae80", storage, facts={})
        assert len(read_study(store, "ae80").trials) == total
        if not disk.struck:
            break
    assert not disk.struck
    assert {0, 1} == set(counts)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_at_every_failing_operation_a_study_is_restored_whole_or_not_at_all(tmp_path, fault):
    storage = searched(tmp_path / "live.db")
    for nth in range(1, 200):
        store = ArtifactStore(tmp_path / str(nth))
        commit_study(store, "ae80", storage, facts={})
        disk = FAULTS[fault](nth)
        try:
            with disk.inserted():
                restore_study(store, "ae80")
        except (OSError, Died):
            pass
        restore_study(store, "ae80")
        assert len(read_database(live_path(store, "ae80"), "ae80", shown="", live=True).trials) == 3
        if not disk.struck:
            break
    assert not disk.struck
    assert nth > 3


def storage_of(path):
    return open_storage(sqlite_url(path))
