"""Databases of studies: opened, committed and made again from what was committed."""

import multiprocessing
import sqlite3
import threading
import time
from contextlib import closing

import optuna
import pytest
from sqlalchemy.exc import OperationalError

import core.search.storage as storage_module
from core.search.storage import (
    StorageError,
    close_storage,
    commit_study,
    live_path,
    open_storage,
    restore_study,
    shown_url,
    sqlite_url,
)
from core.search.study_reading import read_database, read_study
from core.store import ArtifactStore
from tests.core.search.searched_studies import searched


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


@pytest.mark.slow
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


def in_conflict(monkeypatch, times):
    """Lets so many attempts to make the tables meet those of another process."""
    made, attempts = storage_module.RDBStorage, []

    def make(*arguments, **options):
        attempts.append(1)
        if len(attempts) <= times:
            raise OperationalError("CREATE TABLE", {}, Exception("table studies already exists"))
        return made(*arguments, **options)

    monkeypatch.setattr(storage_module, "RDBStorage", make)
    monkeypatch.setattr(storage_module, "_RETRY_SECONDS", 0.01)
    return attempts


def test_tables_that_others_make_at_the_same_time_are_waited_for(tmp_path, monkeypatch):
    attempts = in_conflict(monkeypatch, times=20)
    close_storage(open_storage(sqlite_url(tmp_path / "study.db")))
    assert len(attempts) == 21


def test_tables_that_are_never_made_are_given_up(tmp_path, monkeypatch):
    in_conflict(monkeypatch, times=10**9)
    monkeypatch.setattr(storage_module, "LOCK_PATIENCE_SECONDS", 0.1)
    with pytest.raises(StorageError, match="does not answer: table studies already exists"):
        open_storage(sqlite_url(tmp_path / "study.db"))
