"""What is left where a process is killed while a command works for it: nothing."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import psutil
import pytest

import core.codecs.external
from core.codecs.external.command_line import CommandLineCodec
from core.codecs.external.work_folder import work_folder
from core.jobs.job import JobLimits
from core.jobs.lane import Lane
from pipelines.worker_pool import worker_pool
from tests.waiting import PATIENCE_SECONDS, wait_until

KEEPER = Path(core.codecs.external.__file__).parent / "programs" / "keeper.py"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs sh")


@dataclass(frozen=True)
class Hanging(CommandLineCodec):
    """Starts a further process, tells its own id and that one's, and waits."""

    codec: ClassVar[str] = "hanging"
    suffix: ClassVar[str] = ".png"
    encoder: ClassVar[str] = 'sh -c \'sleep 100 & echo "$$ $!" > "$1"; wait\' sh {told}'

    told: str


def encode_forever(told: str) -> None:
    """Does not end by itself for a long time; the file then holds the ids of two processes."""
    Hanging(told).encode(np.zeros((4, 4, 3), np.uint8))


PROGRAM = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("hanging", sys.argv[1])
sys.modules["hanging"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.encode_forever(sys.argv[2])
"""


@pytest.fixture
def told(tmp_path: Path) -> Path:
    return tmp_path / "told"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder for the temporary files of the processes that a test starts."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


def _commands(told: Path) -> list[psutil.Process]:
    """The processes of the command, once they work."""
    # The shell writes it by itself, so that there is no third process; the line may be unfinished.
    wait_until(lambda: told.exists() and told.read_text().endswith("\n"))
    return [psutil.Process(int(number)) for number in told.read_text().split()]


def _nothing_is_left(commands: list[psutil.Process], temporary: Path) -> None:
    wait_until(lambda: not any(command.is_running() for command in commands))
    wait_until(lambda: not list(temporary.iterdir()))


def test_a_killed_process_leaves_neither_its_command_nor_an_image_nor_its_keeper(
    told: Path, temporary: Path
) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PROGRAM, __file__, str(told)])
    try:
        commands = _commands(told)
        started = psutil.Process(parent.pid).children(recursive=True)
        assert {path.name for path in temporary.glob("*/*")} == {"input.png", "printed"}
    finally:
        parent.kill()
        parent.wait()
    _nothing_is_left(commands, temporary)
    assert len(started) == 3
    psutil.wait_procs(started, timeout=PATIENCE_SECONDS)
    assert not any(process.is_running() for process in started)


def test_a_visitor_who_leaves_leaves_neither_command_nor_image(told: Path, temporary: Path) -> None:
    lane = Lane(workers=1, limits=JobLimits(processor_seconds=100, memory_bytes=500_000_000))
    try:
        program = f"import sys; sys.argv[1:] = {[__file__, str(told)]}\n{PROGRAM}"
        ticket = lane.submit(exec, program, {}, owner="a")
        commands = _commands(told)
        lane.cancel(ticket)
        _nothing_is_left(commands, temporary)
    finally:
        lane.close()


def test_a_killed_worker_of_a_measurement_leaves_neither_command_nor_image(
    told: Path, temporary: Path
) -> None:
    with worker_pool(1) as pool:
        future = pool.submit(encode_forever, str(told))
        commands = _commands(told)
        psutil.Process(commands[0].ppid()).kill()
        assert future.exception(timeout=PATIENCE_SECONDS) is not None
        _nothing_is_left(commands, temporary)


def test_a_keeper_that_somebody_killed_is_replaced(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with work_folder():
        (keeper,) = _keepers()
    keeper.kill()
    keeper.wait(timeout=PATIENCE_SECONDS)
    with work_folder() as folder:
        assert folder.path.is_dir()
        assert len(_keepers()) == 1
    assert not list(tmp_path.iterdir())


def _keepers() -> list[psutil.Process]:
    return [child for child in psutil.Process(os.getpid()).children() if _is_keeper(child)]


def _is_keeper(process: psutil.Process) -> bool:
    try:
        return any("keeper.py" in word for word in process.cmdline())
    except psutil.Error:  # it has ended meanwhile
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_process_that_was_killed_before_it_told_of_its_command_leaves_nothing(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    command = subprocess.Popen(["sleep", "100"], cwd=folder, start_new_session=True)
    keeper = subprocess.Popen([sys.executable, str(KEEPER)], stdin=subprocess.PIPE)
    try:
        keeper.communicate(f"{json.dumps([str(folder), None])}\n".encode(), timeout=60)
        assert command.wait(timeout=PATIENCE_SECONDS) == -signal.SIGKILL
        assert not folder.exists()
    finally:
        command.kill()
        keeper.kill()
