import io
from pathlib import Path

import pytest

from core.models.autoencoder.network import AutoencoderConfig
from core.models.training.history import History
from core.models.training.monitor import Monitor
from core.store import ArtifactStore


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def history(tmp_path: Path, small_config: AutoencoderConfig) -> History:
    return History(ArtifactStore(tmp_path), "ae40", small_config)


def _take_steps(monitor: Monitor, count: int) -> None:
    monitor.start()
    for step in range(1, count + 1):
        figures = {"loss": 0.5 / step}
        monitor.step([], step=step, steps=10, batch=4, figures=lambda figures=figures: figures)


def test_a_terminal_sees_every_step_on_one_line(history: History) -> None:
    screen = _Terminal()
    _take_steps(Monitor(history, 3, screen), 4)

    assert "\n" not in screen.getvalue()
    shown = screen.getvalue().split("\r")[-1]
    assert shown.startswith("epoch 1/3  step 4/10  loss 0.125")
    assert "images/s" in shown
    assert "left in this epoch" in shown


def test_the_time_left_of_the_whole_training_is_shown(history: History) -> None:
    screen = _Terminal()
    monitor = Monitor(history, 4, screen)
    monitor.start()
    finished = [{"seconds": 80.0}, {"seconds": 120.0}]  # the fourth epoch is still to come
    for step in (9, 10):
        monitor.step(finished, step=step, steps=10, batch=4, figures=lambda: {"loss": 0.5})

    assert screen.getvalue().rstrip().endswith("0:00 left in this epoch, at most 1:40 in all")


def test_a_log_is_not_filled_with_steps(history: History) -> None:
    log = io.StringIO()
    _take_steps(Monitor(history, 3, log), 9)

    assert log.getvalue() == ""


def test_the_history_tells_of_the_running_epoch_now_and_then(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.models.training.monitor.SPARSE_SECONDS", 0.0)
    log = io.StringIO()
    _take_steps(Monitor(history, 3, log), 2)

    running = history.store.manifest("histories/ae40").facts["running"]
    assert (running["epoch"], running["step"], running["steps"]) == (1, 2, 10)
    assert len(log.getvalue().splitlines()) == 2


def test_the_speed_counts_images_however_many_steps_a_report_has(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(100))
    monkeypatch.setattr("core.models.training.monitor.time.monotonic", lambda: float(next(now)))
    screen = _Terminal()
    monitor = Monitor(history, 4, screen, minutes=8)
    monitor.start()
    for step in (128, 256):
        monitor.step([], step=step, steps=512, batch=32, figures=lambda: {"loss": 0.5})

    shown = screen.getvalue().split("\r")[-1].rstrip()
    assert shown == (
        "epoch 1 of 8 minutes  step 256/512  loss 0.5  4096.0 images/s  0:02 left in this epoch"
    )
