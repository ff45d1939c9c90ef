"""Whatever fails, the old or the new study is there whole."""

import shutil

import optuna
import pytest

from core.search.storage import (
    StorageError,
    commit_study,
    live_path,
    restore_study,
)
from core.search.study_reading import read_database, read_study
from core.store import ArtifactStore
from tests.core.search.searched_studies import searched
from tests.faulty_disk import FAULTS, Died


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_at_every_failing_operation_the_old_or_the_new_study_is_committed(tmp_path, fault):
    storage = searched(tmp_path / "live.db", trials=1)
    commit_study(ArtifactStore(tmp_path / "before"), "ae80", storage, facts={})
    searched(tmp_path / "live.db", trials=1)
    total = len(optuna.load_study(study_name="ae80", storage=storage).trials)
    counts = []
    for nth in range(1, 200):
        store = ArtifactStore(shutil.copytree(tmp_path / "before", tmp_path / str(nth)))
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
    commit_study(ArtifactStore(tmp_path / "before"), "ae80", storage, facts={})
    for nth in range(1, 200):
        store = ArtifactStore(shutil.copytree(tmp_path / "before", tmp_path / str(nth)))
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
