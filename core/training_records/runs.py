"""Histories of trainings as a reader sees them: rows per epoch, configuration, running epoch.

Nothing here needs what trains: a history is a CSV file and the facts of its manifest.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from core.store import Artifact, ArtifactError, ArtifactStore, Manifest
from core.training_records.history_facts import HistoryFacts

PREFIX = "histories/"

#: A training tells of itself every 20 seconds, but is silent while it validates.
SILENCE_BEFORE_DEATH = timedelta(minutes=6)

#: What an epoch costs, and so what curves are drawn over.
AXES = {"epoch": "Epoch", "images": "Images seen", "minutes": "Minutes"}

#: Columns that say how far a training is, not how well it does.
_CLOCKS = frozenset({*AXES, "seconds", "total_seconds"})

#: Starts of the columns that count the dead and rare units of one layer.
UNITS_OF_LAYER = ("dead_units_", "rare_units_")

Phase = Literal["training", "validation"]
State = Literal["running", "interrupted", "ended"]


class Measure(NamedTuple):
    """What a column of a history holds.

    Attributes:
        name: What was measured, such as `psnr_db`: columns of one name share an axis.
        phase: On which images.
        level: Quality level, for a column that ends in a number such as `bits_per_pixel_30`.
    """

    name: str
    phase: Phase
    level: int | None


@dataclass(frozen=True)
class TrainingRun:
    """One training, finished or not.

    Attributes:
        name: Its key without the kind, such as `ae80`.
        frame: One row per finished epoch, numbers only, with the column `minutes` if its history
            has times; without a row when no epoch is finished.
        config: Configuration.
        running: State of the epoch under way, as the training tells it; empty when none is.
        manifest: Manifest of the history.
        strip_epochs: Epochs of which `core.training_records.strips.read_strips` has a strip.
    """

    name: str
    frame: pd.DataFrame
    config: Mapping[str, Any]
    running: Mapping[str, Any]
    manifest: Manifest
    strip_epochs: tuple[int, ...] = ()

    @property
    def touched(self) -> datetime:
        """When the training last told of itself."""
        return datetime.fromisoformat(self.manifest.created)

    @property
    def columns(self) -> list[str]:
        """Columns that can be drawn as a curve; units of single layers are drawn otherwise."""
        return [
            name
            for name in self.frame.columns
            if name not in _CLOCKS and not name.startswith(UNITS_OF_LAYER)
        ]

    @property
    def best_row(self) -> int | None:
        """Position of the epoch with the lowest validation loss, whose weights are kept."""
        losses = self.frame.get("validation_loss", pd.Series(dtype=float))
        return int(np.nanargmin(losses)) if losses.notna().any() else None

    def state(self, now: datetime) -> State:
        """Whether it runs, was cut off, or came to an end of its own or by request."""
        if not self.running:
            return "ended"
        return "running" if now - self.touched < SILENCE_BEFORE_DEATH else "interrupted"


class Runs(NamedTuple):
    """All trainings of a store.

    Attributes:
        runs: Those that can be read, by name.
        problems: One error for each that cannot.
    """

    runs: dict[str, TrainingRun]
    problems: tuple[ArtifactError, ...]


class Outlook(NamedTuple):
    """What a running training has before it.

    Attributes:
        epoch: Epoch under way, from 1.
        epochs: Most epochs.
        share: Part of the epoch that is done, 0..1; None while that is unknown.
        images_per_second: Speed; None before the first message of the epoch.
        epoch_seconds: Seconds to the end of the epoch's training part, at the last message.
        total_seconds: Seconds to the last epoch; None before one epoch is finished.
        waited: Finished epochs since the best one.
        patience: Such epochs after which it ends early.
    """

    epoch: int
    epochs: int | None
    share: float | None
    images_per_second: float | None
    epoch_seconds: float | None
    total_seconds: float | None
    waited: int
    patience: int | None


def read_runs(store: ArtifactStore) -> Runs:
    """Every training of the store; one damaged history does not hide the others."""
    runs: dict[str, TrainingRun] = {}
    problems: list[ArtifactError] = []
    for key in store.keys(PREFIX):
        try:
            runs[key.removeprefix(PREFIX)] = store.load(key, _read)
        except ArtifactError as error:
            problems.append(error)
    return Runs(runs, tuple(problems))


def measure_of(column: str) -> Measure:
    """What a column holds, by its name."""
    phase: Phase = "validation" if column.startswith("validation_") else "training"
    name = column.removeprefix("validation_")
    if name.startswith(UNITS_OF_LAYER):
        # A layer's name may end in a number too.
        return Measure(name, phase, None)
    numbered = re.fullmatch(r"(.+)_(\d{1,3})", name)
    if numbered:
        return Measure(numbered[1], phase, int(numbered[2]))
    return Measure(name, phase, None)


def outlook(run: TrainingRun) -> Outlook:
    """What lies before a training that runs."""
    told, done = run.running, len(run.frame)
    epoch = int(told.get("epoch", done + 1))
    epochs, steps = run.config.get("epochs"), told.get("steps")
    per_epoch = _epoch_seconds(run)
    total = None if per_epoch is None or not epochs else per_epoch * max(0, epochs - done)
    share = told["step"] / steps if steps and "step" in told else None
    if total is not None and share is not None and per_epoch is not None:
        total = max(0.0, total - share * per_epoch)
    return Outlook(
        epoch=epoch,
        epochs=epochs,
        share=share,
        images_per_second=told.get("images_per_second"),
        epoch_seconds=told.get("seconds_left"),
        total_seconds=total,
        waited=0 if run.best_row is None else done - 1 - run.best_row,
        patience=run.config.get("patience"),
    )


def _read(artifact: Artifact) -> TrainingRun:
    frame = artifact.parsed(
        artifact.file("csv"), _numbers, reason="is not a table of numbers, one row per epoch"
    )
    facts = HistoryFacts.of(artifact)
    return TrainingRun(
        name=artifact.key.removeprefix(PREFIX),
        frame=frame,
        config=facts.config,
        running=facts.running,
        manifest=artifact.manifest,
        strip_epochs=facts.strips,
    )


def _numbers(data: bytes) -> pd.DataFrame:
    """The columns of a CSV file that hold finite numbers, and the time in minutes."""
    table = pd.read_csv(io.BytesIO(data))
    if "epoch" not in table:
        raise ValueError("A history has a column `epoch`.")
    frame: pd.DataFrame = table.apply(pd.to_numeric, errors="coerce").astype("float64")
    frame = frame.replace([np.inf, -np.inf], np.nan)
    frame = frame[frame["epoch"].notna()].dropna(axis="columns", how="all")
    if "total_seconds" in frame:
        frame = frame.assign(minutes=frame["total_seconds"] / 60)
    return frame.reset_index(drop=True)


def _epoch_seconds(run: TrainingRun) -> float | None:
    seconds = run.frame.get("seconds", pd.Series(dtype=float)).dropna()
    # The latest epochs say most: the load of the machine changes.
    return float(seconds.tail(3).mean()) if len(seconds) else None
