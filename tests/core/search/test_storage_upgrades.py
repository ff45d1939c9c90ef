"""Studies that another version of Optuna made, and databases that are damaged or no studies."""

import os
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from core.search.storage import (
    OutdatedStudy,
    StorageError,
    close_storage,
    commit_study,
    live_path,
    open_storage,
    sqlite_url,
    study_key,
)
from core.search.study_reading import read_study, study_names
from core.store import DamagedArtifact, UnreadableArtifact
from tests.core.search.searched_studies import searched


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


@pytest.mark.slow
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
