"""A training that was killed or told to stop ends as one that was not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core.store import ArtifactStore
from tests.pipelines.train.small_trainings import (
    COUNTS,
    history_rows,
    optimizer_steps,
    prepare_blocks,
    preview_epochs,
)
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]


#: Small enough for seconds, long enough to be hit in the middle.
FLAGS = ("--batch", "4", "--epochs", "3")


def _command(*arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_DETERMINISTIC_OPS": "1",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.train", "ae20", *FLAGS, *arguments],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        processes.append(_command(*arguments))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stderr
        process.stderr.close()


def _seconds_of(process: subprocess.Popen[str]) -> float:
    """Processor time that a running process has used."""
    used = psutil.Process(process.pid).cpu_times()
    return float(used.user + used.system)


def _train_into_the_second_epoch(
    store: ArtifactStore, started: Callable[..., subprocess.Popen[str]]
) -> subprocess.Popen[str]:
    process = started()
    wait_until(lambda: store.exists("checkpoints/ae20/epoch-0001"), seconds=600, process=process)
    time.sleep(0.3)
    return process


def _drain(process: subprocess.Popen[str]) -> tuple[str, float]:
    """What a process still says until it ends, and the processor time of its whole life."""
    assert process.stderr
    errors = process.stderr.read()
    _, state, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(state)
    return errors, usage.ru_utime + usage.ru_stime


@pytest.fixture(scope="module")
def straight_history(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, float]]:
    store = ArtifactStore(tmp_path_factory.mktemp("straight"))
    prepare_blocks(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTLENECK_ARTIFACTS", str(store.root))
        process = _command()
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    return history_rows(store)


def _check_equal(store: ArtifactStore, straight: list[dict[str, float]]) -> None:
    assert optimizer_steps(store) == 3 * COUNTS["train"] // 4
    # A kill between checkpoint and history costs the preview of that epoch.
    assert preview_epochs(store)[-2:] == [2, 3]
    for ours, theirs in zip(history_rows(store), straight, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-6)


@pytest.mark.slow
def test_a_kill_loses_one_epoch_at_most_and_the_resumed_run_equals_the_straight_one(
    store: ArtifactStore,
    started: Callable[..., subprocess.Popen[str]],
    straight_history: list[dict[str, float]],
) -> None:
    process = _train_into_the_second_epoch(store, started)
    process.kill()
    process.wait()

    resumed = started("--resume")

    assert resumed.wait() == 0
    _check_equal(store, straight_history)


@pytest.mark.slow
def test_a_signal_saves_the_position_within_the_epoch(
    store: ArtifactStore,
    started: Callable[..., subprocess.Popen[str]],
    straight_history: list[dict[str, float]],
) -> None:
    process = _train_into_the_second_epoch(store, started)
    before = _seconds_of(process)
    process.send_signal(signal.SIGTERM)
    errors, seconds = _drain(process)

    # Ten seconds are promised on an idle machine; the processor's own count holds on any.
    assert seconds - before < 10
    assert process.returncode == 128 + signal.SIGTERM
    assert "what was trained is saved. A training goes on with --resume" in errors.splitlines()[-1]
    assert "-step-" in store.keys("checkpoints/ae20/")[-1]
    assert started("--resume").wait() == 0
    _check_equal(store, straight_history)
