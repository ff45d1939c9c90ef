"""Console output of a running training: one line that is redrawn, or a sparse log."""

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from core.models.training.history import History

#: Interval of log lines without a terminal, and of updates of the history's running epoch.
SPARSE_SECONDS = 20.0


@dataclass
class Monitor:
    """Shows the progress of a training.

    Attributes:
        history: Rewritten periodically, so that a dashboard can follow.
        epochs: Epoch limit, for the display.
        minutes: Time limit, which ends the training in its place; None for none.
        stream: Where the lines go.
    """

    history: History
    epochs: int
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    minutes: float | None = None
    _started: float = 0.0
    _first: int | None = None
    _reported: float = 0.0
    _width: int = 0

    def start(self) -> None:
        """Starts measuring the speed of an epoch."""
        self._first = None
        self._reported = time.monotonic()

    def step(
        self,
        rows: list[dict[str, float]],
        *,
        step: int,
        steps: int,
        batch: int,
        figures: Callable[[], dict[str, float]],
    ) -> None:
        """Reports one finished step.

        Args:
            rows: Finished epochs.
            step: Steps done in this epoch.
            steps: Steps of the epoch.
            batch: Images per step.
            figures: Returns the means over the epoch so far. Called only when they are shown,
                because reading them waits for the accelerator's queued work.
        """
        now = time.monotonic()
        rate = self._rate(step * batch, now)
        due = now - self._reported >= SPARSE_SECONDS
        if not due and not self.stream.isatty():
            return
        means = figures()
        left = (steps - step) * batch / rate if rate else 0.0
        if due:
            self._reported = now
            finite = {name: value for name, value in means.items() if math.isfinite(value)}
            running = {"epoch": len(rows) + 1, "step": step, "steps": steps, **finite}
            speed = {"images_per_second": round(rate, 1), "seconds_left": round(left)}
            self.history.write(rows, running=running | speed)
        self._show(
            f"epoch {len(rows) + 1}{self._of_all()}  step {step}/{steps}  {_shown(means)}  "
            f"{rate:.1f} images/s  {_clock(left)} left in this epoch"
            f"{self._total(rows, left, steps * batch / rate if rate else 0.0)}"
        )

    def _rate(self, images: int, now: float) -> float:
        """Images per second since the first report, before which the network is compiled.

        Args:
            images: Images of this epoch so far.
            now: The time.
        """
        if self._first is None:
            self._started, self._first = now, images
        return (images - self._first) / max(now - self._started, 1e-9)

    def _total(self, rows: list[dict[str, float]], left: float, epoch_seconds: float) -> str:
        """Time to the last epoch; early stopping can end the training earlier."""
        if self.minutes is not None:
            return ""
        latest = [row["seconds"] for row in rows[-3:]]  # validation included
        per_epoch = sum(latest) / len(latest) if latest else epoch_seconds
        return f", at most {_clock(left + per_epoch * max(0, self.epochs - len(rows) - 1))} in all"

    def _of_all(self) -> str:
        return f"/{self.epochs}" if self.minutes is None else f" of {self.minutes:g} minutes"

    def epoch(self, row: dict[str, float]) -> None:
        """Reports a finished epoch, in a line that stays."""
        self._show("")
        figures = {name: row[name] for name in row if name.endswith(("loss", "psnr_db"))}
        self.say(
            f"epoch {row['epoch']:.0f}{self._of_all()}  {_shown(figures)}  "
            f"{row['images_per_second']:.1f} images/s  {_clock(row['seconds'])}"
        )

    def say(self, line: str) -> None:
        """Prints a line that stays."""
        print(line, file=self.stream, flush=True)

    def _show(self, line: str) -> None:
        if not self.stream.isatty():
            if line:
                self.say(line)
            return
        self.stream.write("\r" + line.ljust(self._width) + ("" if line else "\r"))
        self.stream.flush()
        self._width = len(line)


def _shown(figures: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.5g}" for name, value in figures.items())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
