"""How far a training is, as a checkpoint keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: How a training ended, as in the model card.
EARLY_STOPPING = "early stopping"
EPOCH_LIMIT = "epoch limit"
TIME_LIMIT = "time limit"
STOPPED = "stopped by hand"
DIVERGED = "divergence"

#: Factor by which the learning rate is lowered.
DROP = 1.0 / 3.0

#: Names of `Progress` fields in earlier versions.
_RENAMED = {"drops": "lr_drops"}


@dataclass
class Progress:
    """State of a training's progress.

    Attributes:
        epoch: Epochs finished, validation included.
        step: Steps done in the epoch after those.
        partial: Means of the metrics over those steps.
        images: Images seen in training.
        seconds: Seconds spent in training, over all runs.
        best_loss: Lowest validation loss; None before the first.
        best_epoch: Epoch of that loss, counted from 1; 0 before the first.
        waited: Epochs since then, or since the learning rate was lowered.
        lr_drops: How often the learning rate was lowered.
        first_stop: Epoch after which the training would first have ended, by early stopping or
            because it diverged, had the learning rate not been lowered; 0 before.
        history: One row per finished epoch.
        computed_with: Backends, precisions and accelerators that the epochs were computed with.
        plan_start: Epochs that were done before the current learning rate schedule began.
        plan_start_seconds: Seconds that were spent before it.
        plan_seconds: Seconds that the schedule has taken by the clock, where a time limit counts
            them: what is between the epochs included.
        stage_starts: First epoch of each stage, the current one included.
        steps_forgotten: Steps of that schedule that the optimiser's counter lacks, because the
            training resumed from published weights.
        ended_by: Why the training ended; empty while it has not.
        run: Identity of the training; empty for one of an earlier version.
        may_replace: Whether it was begun with the permission to replace another one's model.
        source: Published model that the training went on from; empty for none.
        guards: State of the scan engine's learning rate and of the guards against divergence.
        engine: How the steps are run, as in `core.models.training.engines.EngineRequest`.
        earlier_engines: How those before were run, where that was another way.
        earlier_data: Digests of the training images of earlier stages, where they were others.
    """

    epoch: int = 0
    step: int = 0
    partial: dict[str, float] = field(default_factory=dict)
    images: int = 0
    seconds: float = 0.0
    best_loss: float | None = None
    best_epoch: int = 0
    waited: int = 0
    lr_drops: int = 0
    first_stop: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    computed_with: list[str] = field(default_factory=list)
    plan_start: int = 0
    plan_start_seconds: float = 0.0
    plan_seconds: float = 0.0
    stage_starts: list[int] = field(default_factory=list)
    steps_forgotten: int = 0
    guards: dict[str, float] = field(default_factory=dict)
    ended_by: str = ""
    run: str = ""
    source: str = ""
    may_replace: bool = False
    engine: dict[str, Any] = field(default_factory=dict)
    earlier_engines: list[dict[str, Any]] = field(default_factory=list)
    earlier_data: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stage_starts = sorted({1, *self.stage_starts, self.plan_start + 1})

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Progress":
        """Progress from the facts of a checkpoint, also of one by an earlier version."""
        return cls(**{_RENAMED.get(name, name): value for name, value in facts.items()})

    def note_end(self, *, is_finished: bool, epochs: int, by_clock: bool = False) -> None:
        """Records why the training ended, or that it has not ended.

        Args:
            is_finished: Whether the training has ended.
            epochs: Epoch limit of this run.
            by_clock: Whether the time limit ended it.
        """
        by_count = EPOCH_LIMIT if self.epoch >= epochs else EARLY_STOPPING
        reason = TIME_LIMIT if by_clock else by_count
        self.ended_by = reason if is_finished else ""

    def judge(self, loss: float) -> bool:
        """Early stopping: whether the epoch is the best so far, by its validation loss."""
        if self.best_loss is not None and loss >= self.best_loss:
            self.waited += 1
            return False
        self.best_loss, self.best_epoch, self.waited = loss, self.epoch, 0
        return True

    def note_drop(self) -> None:
        """Records that the learning rate was lowered, after which a new epoch begins.

        Early stopping counts anew from it.
        """
        if not self.lr_drops:
            self.first_stop = self.epoch
        self.lr_drops, self.waited, self.ended_by = self.lr_drops + 1, 0, ""
        self.step, self.partial = 0, {}

    def note_engine(self, engine: dict[str, Any]) -> None:
        """Records how the steps are run from now on."""
        # Earlier versions recorded less.
        if self.images and {**engine, **self.engine} != engine:
            self.earlier_engines.append(self.engine)
        self.engine = engine

    def note_arithmetic(self, used: str) -> None:
        """Records what an epoch was computed with, as `arithmetic` says it."""
        if used not in self.computed_with:
            self.computed_with.append(used)

    def row(self, figures: Mapping[str, float], *, learning_rate: float) -> dict[str, float]:
        """Row of the history for the epoch that has just ended.

        Args:
            figures: Metrics of the epoch by column.
            learning_rate: The rate at its end.
        """
        last = self.history[-1] if self.history else {}
        seconds = self.seconds - last.get("total_seconds", 0.0)
        return {
            "epoch": self.epoch,
            **figures,
            "learning_rate": learning_rate,
            "images": self.images,
            "images_per_second": (self.images - last.get("images", 0)) / max(seconds, 1e-9),
            "seconds": seconds,
            "total_seconds": self.seconds,
        }
