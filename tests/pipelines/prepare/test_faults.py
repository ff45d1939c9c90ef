"""Bad sources, full disks, kills and failed downloads leave nothing half written."""

import io
import resource
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from core.dataset.splits import KEY, open_split
from tests.pipelines.prepare.prepare_runs import leftovers, refused, run_prepare
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
def test_killed_with_its_images_half_decoded_it_leaves_no_process_behind(
    store, folder: Path
) -> None:
    command = [sys.executable, "-c", _SLOW_STEP, "--source", str(folder), "--processes", "2"]
    started = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    step = psutil.Process(started.pid)
    wait_until(lambda: len(step.children()) >= 2, process=started)
    workers = step.children()
    time.sleep(3.0)  # until they decode
    started.kill()
    started.wait()
    wait_until(lambda: not any(map(_runs, workers)))


#: The step on a source that never ends.
_SLOW_STEP = """
import sys, time
from core.dataset.preparation import decoding
from pipelines.prepare import main

bounded = decoding._bounded
def endless(*given, **named):
    yield from bounded(*given, **named)
    time.sleep(600)
decoding._bounded = endless
if __name__ == "__main__":
    main(sys.argv[1:])
"""


def test_a_download_with_another_hash_is_refused_and_leaves_nothing(store, address, capsys) -> None:
    assert "--allow-hash" in refused(capsys, "--url", address)
    assert leftovers(store) == []


def test_without_a_network_one_line_says_so(store, capsys) -> None:
    assert "Cannot download" in refused(capsys, "--url", "http://127.0.0.1:9/x.tgz")
    assert leftovers(store) == []


def _break_image(folder: Path) -> Path:
    path = folder / "val/n01440764/val_0.JPEG"
    path.write_bytes(path.read_bytes()[:200])
    return folder


def _empty(folder: Path) -> Path:
    (folder / "none").mkdir()
    return folder / "none"


def _escaping(folder: Path) -> Path:
    with tarfile.open(folder / "x.tar", "w") as opened:
        opened.addfile(tarfile.TarInfo("../outside.png"), io.BytesIO())
    return folder / "x.tar"


def _truncated(folder: Path) -> Path:
    path = folder / "cut.tar"
    with tarfile.open(path, "w") as opened:
        opened.add(folder / "train", "train")
    path.write_bytes(path.read_bytes()[:5000])
    return path


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (_break_image, "n01440764/val_0 does not decode"),
        (_empty, "no images in train/"),
        (_escaping, "would leave the folder"),
        (_truncated, "truncated or damaged"),
        (lambda folder: folder / "nowhere", "no folder or archive"),
    ],
)
def test_a_bad_source_gets_one_line_and_the_old_data_set_stays(
    store, folder: Path, capsys, make: Callable[[Path], Path], line: str
) -> None:
    run_prepare("--source", folder)
    before = store.manifest(KEY)
    capsys.readouterr()
    assert line in refused(capsys, "--source", make(folder), "--replace")
    assert store.manifest(KEY) == before
    assert len(open_split(store, "test").images) == 2
    assert len(leftovers(store)) == 5


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--url", "ftp://host/x.tgz"], "must start with http:// or https://"),
        (["--allow-hash", "abc"], "64 lower-case hex digits; received abc"),
        (["--extra", "x.tar"], "--extra decodes in one process; it does not go with --processes"),
        (["--source", "x", "--url", "http://host/x"], "--source downloads nothing; it does not go"),
        (["--source", "x", "--allow-hash", "0" * 64], "--source downloads nothing; it does not go"),
        (["--held-out", "folder"], "--held-out DIR needs --extra ARCHIVE"),
    ],
)
def test_flags_that_do_not_fit_are_refused(store, capsys, arguments: list[str], line: str) -> None:
    assert line in refused(capsys, *arguments)


def test_a_disk_that_takes_no_more_gets_one_line_and_nothing_half_written(store, folder) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    finished = subprocess.run(
        [sys.executable, "-m", "pipelines.prepare", "--source", folder, "--processes", "1"],
        cwd=ROOT,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1
    assert "File too large" in finished.stderr
    assert leftovers(store) == []
