"""Console output of a search, while it runs and when it ends."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from core.search.studies import FINISHED, ORIGIN, PSNR, SSIM, UNJUDGED, StudyRecord, TrialRecord


@dataclass
class Report:
    """One line per trial that ends, with the time left.

    Attributes:
        record: The study at the beginning; trials that had ended by then are not reported.
        trials: How many trials the study shall have finished.
        stream: Where the lines go.
    """

    record: StudyRecord
    trials: int
    stream: TextIO = field(default_factory=lambda: sys.stderr)

    def __post_init__(self) -> None:
        self._started = time.monotonic()
        self._before = self.finished
        self._reported = {trial.number for trial in self.record.trials if _has_ended(trial)}
        if self.finished:
            self._say(f"{self.finished} of {self.trials} trials are finished already")

    @property
    def finished(self) -> int:
        """Trials that count."""
        return sum(self.record.counts[state] for state in FINISHED)

    @property
    def is_complete(self) -> bool:
        """Whether there are as many as were asked for."""
        return self.finished >= self.trials

    def tell(self, record: StudyRecord) -> None:
        """Reports the trials that have ended since the last call."""
        self.record = record
        for trial in record.trials:
            if _has_ended(trial) and trial.number not in self._reported:
                self._reported.add(trial.number)
                self._say(f"{trial_line(trial, record.objectives)}  |  {self._progress()}")

    def _progress(self) -> str:
        parts = [f"{self.finished}/{self.trials}"]
        if len(self.record.directions) > 1:
            parts.append(f"{len(self.record.front)} on the front")
        elif self.record.best is not None:
            best = self.record.best
            parts.append(f"best {best.value:.3f} (trial {best.number})")
        done = self.finished - self._before
        if done and not self.is_complete:
            seconds = (time.monotonic() - self._started) / done * (self.trials - self.finished)
            parts.append(f"{_clock(seconds)} left")
        return "  ".join(parts)

    def _say(self, line: str) -> None:
        print(line, file=self.stream, flush=True)


def trial_line(trial: TrialRecord, objectives: Sequence[str]) -> str:
    """One trial in one line.

    Args:
        trial: The trial.
        objectives: Names of its values, of which a trial that is not complete has none.
    """
    words = [f"trial {trial.number}", trial.state]
    words += [f"{name} {value:.3f}" for name, value in zip(objectives, trial.values, strict=False)]
    if PSNR in trial.attributes:
        words.append(f"PSNR {trial.attributes[PSNR]:.2f} dB")
    if SSIM in trial.attributes:
        words.append(f"SSIM {trial.attributes[SSIM]:.4f}")
    words += [f"{name} {_value(value)}" for name, value in sorted(trial.params.items())]
    if UNJUDGED in trial.attributes:
        words.append(f"no value: {trial.attributes[UNJUDGED]}")
    if trial.seconds is not None:
        words.append(_clock(trial.seconds))
    return "  ".join(words)


def best_lines(record: StudyRecord) -> Iterator[str]:
    """The best trial, or those on the front, and the first one on the same budget."""
    best = record.front if len(record.directions) > 1 else filter(None, [record.best])
    for trial in best:
        yield f"Best:  {trial_line(trial, record.objectives)}"
    for trial in record.trials:
        if ORIGIN in trial.attributes and trial.state == "complete":
            origin = trial.attributes[ORIGIN]
            yield f"Start: {trial_line(trial, record.objectives)}  ({origin})"


def _has_ended(trial: TrialRecord) -> bool:
    return trial.state in (*FINISHED, "fail")


def _value(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
