"""Whatever fails and whenever the process dies, the old or the new artifact loads whole."""

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from core.store import ArtifactStore
from core.store import artifact as artifact_module
from tests.faulty_disk import FAULTS, Died

KEY = "models/ae80"
OLD: dict[str, bytes | Path] = {"ae80.json": b"old", "ae80/weights": b"o" * 999, "ae80/gone": b"x"}
NEW: dict[str, bytes | Path] = {"ae80.json": b"new", "ae80/weights": b"n" * 999, "ae80/more": b"y"}
REPOSITORY = Path(artifact_module.__file__).parents[2]


def loaded(store: ArtifactStore) -> dict[str, bytes]:
    return {name: store.read(KEY, name) for name in store.manifest(KEY).files}


def commit_new(store: ArtifactStore, *, staged: bool) -> None:
    if not staged:
        store.commit(KEY, NEW, facts={})
        return
    with store.staging(KEY) as folder:
        (folder / "file").write_bytes(b"n" * 999)
        store.commit(KEY, {**NEW, "ae80/weights": folder / "file"}, facts={})


def assert_nothing_is_left_over(store: ArtifactStore) -> None:
    assert not list(store.root.rglob(".tmp-*"))
    kept = {*store.manifest(KEY).files, "ae80.manifest.json", ".ae80.lock"}
    folder = store.root / "models"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == kept


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


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    setup = "import sys; from pathlib import Path; from core.store import ArtifactStore\n"
    return subprocess.Popen(
        [sys.executable, "-c", setup + program, *map(str, arguments)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


#: Commits artifacts that count upwards, every byte of each telling its number, and reports each.
WRITER = """
store = ArtifactStore(Path(sys.argv[1]))
number = int(sys.argv[2])
while number < int(sys.argv[3]):
    number += 1
    data = number.to_bytes(4, "big") * int(sys.argv[4])
    with store.staging("models/ae80") as folder:
        (folder / "file").write_bytes(data)
        files = {"ae80/a.bin": data, "ae80/b.bin": folder / "file"}
        store.commit("models/ae80", files, facts={"number": number})
    print(number, flush=True)
"""


def number_of(store: ArtifactStore) -> int:
    """Number of the artifact, after checking that all of its files belong to it."""
    manifest = store.manifest(KEY)
    number = int(manifest.facts["number"])
    for name, entry in manifest.files.items():
        assert store.read(KEY, name) == number.to_bytes(4, "big") * (entry.bytes // 4)
    return number


def kill_writers(store: ArtifactStore, kills: int) -> int:
    """Number of the last artifact after writers were killed at random moments."""
    chance = random.Random(20)
    number = 0
    for _ in range(kills):
        writer = start(WRITER, store.root, number, 10**9, 100_000)
        assert writer.stdout is not None
        first = writer.stdout.readline()
        assert first, "the writer failed before it was killed"
        time.sleep(chance.uniform(0, 0.1))
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        acknowledged = int((first + rest).split()[-1])
        found = number_of(store)
        assert found in (acknowledged, acknowledged + 1)
        number = found
    return number


def test_kill_minus_nine_during_commits_never_loses_a_finished_one(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    assert kill_writers(store, 5) >= 5
    store.commit(KEY, NEW, facts={})
    assert_nothing_is_left_over(store)


@pytest.mark.slow
def test_a_hundred_kills_during_commits_lose_nothing(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    assert kill_writers(store, 100) >= 100
    store.commit(KEY, NEW, facts={})
    assert_nothing_is_left_over(store)


def test_a_full_disk_gives_an_error_and_leaves_the_old_artifact(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    store.commit(KEY, OLD, facts={})
    limited = start(
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "ArtifactStore(Path(sys.argv[1])).commit('models/ae80', {\n"
        "    'ae80.json': b'new', 'ae80/weights': bytes(200_000)}, facts={})",
        tmp_path,
    )
    _, complaint = limited.communicate(timeout=60)
    assert limited.returncode == 1
    assert complaint.splitlines()[-1] == f"OSError: [Errno {errno.EFBIG}] File too large"
    assert loaded(store) == OLD
    assert_nothing_is_left_over(store)


def test_two_processes_may_write_the_same_artifact_while_a_third_reads(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    store.commit(KEY, {}, facts={"number": 0})
    reads = 0
    # A reader may wait for its turn until both have written all of theirs; then they go on.
    for _ in range(5):
        if reads <= 10:
            reads += _reads_while_two_write(store)
    assert reads > 10
    assert number_of(store) in (40, 1040)
    assert_nothing_is_left_over(store)


def _reads_while_two_write(store: ArtifactStore) -> int:
    writers = [start(WRITER, store.root, first, first + 40, 5_000) for first in (0, 1000)]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        for name in store.manifest(KEY).files:
            data = store.read(KEY, name)
            assert data == data[:4] * 5_000
            assert store.path(KEY, name).stat().st_size == 20_000
            reads += 1
    for writer in writers:
        output, complaint = writer.communicate()
        assert writer.returncode == 0, complaint
        assert len(output.split()) == 40
    return reads
