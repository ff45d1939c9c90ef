"""Whatever fails, the old or the new artifact loads whole."""

import os
import stat
from pathlib import Path

import pytest
from filelock import FileLock

from core.store import ArtifactStore, UnreadableArtifact
from core.store import artifact as artifact_module
from core.store.layout import ArtifactPaths
from tests.core.store.replaced_artifact import KEY, NEW, OLD, assert_nothing_is_left_over, loaded
from tests.faulty_disk import FAULTS, Died


def commit_new(store: ArtifactStore, *, staged: bool) -> None:
    if not staged:
        store.commit(KEY, NEW, facts={})
        return
    with store.staging(KEY) as folder:
        (folder / "file").write_bytes(b"n" * 999)
        store.commit(KEY, {**NEW, "ae80/weights": folder / "file"}, facts={})


@pytest.mark.parametrize("staged", [False, True], ids=["bytes", "staged file"])
@pytest.mark.parametrize("fault", FAULTS)
def test_at_every_failing_operation_the_old_or_the_new_artifact_loads(
    tmp_path: Path, fault: str, staged: bool
) -> None:
    outcomes = []
    for nth in range(1, 1000):
        store = ArtifactStore(tmp_path / str(nth))
        store.commit(KEY, OLD, facts={})
        disk = FAULTS[fault](nth)
        failed = False
        try:
            with disk.inserted():
                commit_new(store, staged=staged)
        except (OSError, Died):
            failed = True
        content = loaded(store)
        assert content in (OLD, NEW), f"neither the old nor the new artifact after operation {nth}"
        assert failed or content == NEW, f"a commit that did not come through said nothing at {nth}"
        if failed:
            outcomes.append(content == NEW)
        store.commit(KEY, NEW, facts={})
        assert loaded(store) == NEW
        assert_nothing_is_left_over(store)
        if not disk.struck:
            break
    assert not disk.struck, "the commit never came through"
    assert len(outcomes) > 20
    assert outcomes == sorted(outcomes), "an artifact once replaced must stay replaced"
    assert outcomes[-1], "no fault struck after the commit point"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_first_commit_leaves_no_artifact_or_a_whole_one(
    tmp_path: Path, fault: str
) -> None:
    for nth in range(1, 1000):
        store = ArtifactStore(tmp_path / str(nth))
        disk = FAULTS[fault](nth)
        try:
            with disk.inserted():
                store.commit(KEY, NEW, facts={})
        except (OSError, Died):
            assert disk.struck
        assert not store.exists(KEY) or loaded(store) == NEW
        if not disk.struck:
            break
    assert store.exists(KEY)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_delete_leaves_the_whole_artifact_or_none(tmp_path: Path, fault: str) -> None:
    for nth in range(1, 1000):
        store = ArtifactStore(tmp_path / str(nth))
        store.commit(KEY, OLD, facts={})
        disk = FAULTS[fault](nth)
        try:
            with disk.inserted():
                store.delete(KEY)
        except (OSError, Died):
            assert disk.struck
        assert not store.exists(KEY) or loaded(store) == OLD
        if not disk.struck:
            break
    assert not store.exists(KEY)


def test_a_disk_that_writes_a_few_bytes_at_a_time_gets_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:7]))
    store = ArtifactStore(tmp_path)
    store.commit(KEY, NEW, facts={})
    assert loaded(store) == NEW


def test_content_is_on_the_disk_before_a_name_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut keeps what was synced and may keep any rename: only the order protects."""
    store = ArtifactStore(tmp_path)
    store.commit(KEY, OLD, facts={})
    events: list[str] = []
    real_sync, real_replace = os.fsync, os.replace

    def sync(descriptor: int) -> None:
        real_sync(descriptor)
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        events.append("sync names" if is_folder else "sync content")

    def replace(source: Path, target: Path) -> None:
        real_replace(source, target)
        events.append("waiting file" if target.name.startswith(".tmp-") else target.name)

    with store.staging(KEY) as folder, store.lock(KEY):
        (folder / "file").write_bytes(b"n" * 999)
        monkeypatch.setattr(os, "fsync", sync)
        monkeypatch.setattr(os, "replace", replace)
        store.commit(KEY, {"ae80.bin": folder / "file", "ae80.json": b"n"}, facts={})
        monkeypatch.undo()
    assert events[events.index("sync content") :] == [
        *("sync content", "waiting file"),
        *("sync content", "waiting file", "sync names"),
        *("sync content", "ae80.manifest.json", "sync names"),
        *("ae80.json", "ae80.bin", "sync names"),
    ]


@pytest.fixture
def cut_short(tmp_path: Path) -> ArtifactStore:
    """A store whose last commit died between its manifest and the move of its files."""
    for nth in range(1, 1000):
        store = ArtifactStore(tmp_path / str(nth))
        store.commit(KEY, OLD, facts={})
        with FAULTS["death"](nth).inserted(), pytest.raises(Died):
            store.commit(KEY, NEW, facts={})
        if set(store.manifest(KEY).files) == set(NEW):
            assert (store.root / "models/ae80.json").read_bytes() == b"old"
            return store
    raise AssertionError("no commit was cut short after its manifest")


def test_a_reader_finishes_a_commit_that_was_cut_short(cut_short: ArtifactStore) -> None:
    assert cut_short.path(KEY, "ae80/weights").read_bytes() == NEW["ae80/weights"]
    assert_nothing_is_left_over(cut_short)


def test_a_size_alone_does_not_pass_the_old_file_for_the_new(cut_short: ArtifactStore) -> None:
    path = cut_short.path(KEY, "ae80/weights", verify=False)
    assert path.read_bytes() == NEW["ae80/weights"]


def test_a_reader_that_cannot_write_still_gets_the_new_files(
    cut_short: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact_module, "_READER_PATIENCE_SECONDS", 0.01)
    with FileLock(cut_short.root / "models/.ae80.lock"):  # as a writer in another process
        assert loaded(cut_short) == NEW
        path = cut_short.path(KEY, "ae80/weights")
        assert path.read_bytes() == NEW["ae80/weights"]
    assert list(cut_short.root.rglob(".tmp-*"))


def test_a_manifest_that_cannot_be_read_for_a_moment_costs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ArtifactStore(tmp_path)
    store.commit(KEY, OLD, facts={})
    # A commit that was cut short after its manifest's rename.
    with monkeypatch.context() as patch:
        patch.setattr("core.store.commit.finish", lambda paths: None)
        store.commit(KEY, NEW, facts={})
    assert list(store.root.rglob(".tmp-*"))

    def refuse(paths: ArtifactPaths) -> None:
        raise paths.unreadable(paths.manifest, OSError(24, "Too many open files"))

    with monkeypatch.context() as patch:
        patch.setattr(ArtifactPaths, "load_manifest", refuse)
        with pytest.raises(UnreadableArtifact), store.lock(KEY):
            pass
    assert loaded(store) == NEW
    with store.lock(KEY):
        assert_nothing_is_left_over(store)
    assert loaded(store) == NEW
