"""Writers that are killed, stopped by a full disk or many at once lose no finished artifact."""

import errno
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.store import ArtifactStore
from core.store import artifact as artifact_module
from tests.core.store.replaced_artifact import KEY, NEW, OLD, assert_nothing_is_left_over, loaded

REPOSITORY = Path(artifact_module.__file__).parents[2]


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
        # `communicate` alone would lose what `readline` has read beyond the line.
        rest = writer.stdout.read()
        writer.communicate()
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
def test_fifty_kills_during_commits_lose_nothing(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    assert kill_writers(store, 50) >= 50
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
