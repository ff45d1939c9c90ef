"""Reads histories of trainings: rows per epoch, configuration, running epoch.

Nothing here imports Keras: a history is a CSV file and the facts of its manifest.
"""

import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from core.store import Artifact, ArtifactError, ArtifactStore, Manifest
from core.training_records.history_facts import HistoryFacts
from core.training_records.model_card import read_card

PREFIX = "histories/"

#: Time without an update after which a training counts as interrupted. It reports every 20
#: seconds, but not while it validates.
SILENCE_BEFORE_DEATH = timedelta(minutes=6)

#: Columns that curves can be drawn over.
AXES = {"epoch": "Epoch", "images": "Images seen", "minutes": "Minutes"}

#: Columns that record progress, not quality.
_CLOCKS = frozenset({*AXES, "seconds", "total_seconds"})

#: Prefixes of the columns with the dead and rare units of one layer.
UNITS_OF_LAYER = ("dead_units_", "rare_units_")

#: Columns that are of validation images although their names do not begin so.
_UNITS = ("units", "dead_units", "rare_units")

Phase = Literal["training", "validation"]
State = Literal["running", "interrupted", "ended"]


class Measure(NamedTuple):
    """Meaning of a column of a history.

    Attributes:
        name: Name of the metric, such as `psnr_db`; columns of one metric share an axis.
        phase: Split of the images.
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
        running: State of the current epoch as reported by the training; empty when none runs.
        manifest: Manifest of the history.
        architecture: Name of the model's module; empty where it is not known.
        preview_epochs: Epochs with a preview (`core.training_records.previews.read_previews`).
        ended_by: By which rule it ended, such as `early stopping`; empty while that is not known.
        minutes: Time limit that it has in place of a limit of epochs; None for none.
        best_epoch: Epoch whose weights are kept, as the training or the card of its model says;
            None where neither does.
        stage_starts: First epoch of each stage.
        first_stop: Epoch after which the training would first have ended, by early stopping or
            because it diverged, had the learning rate not been lowered; None where that was not so.
        undone_epochs: How often an epoch diverged and was undone.
    """

    name: str
    frame: pd.DataFrame
    config: Mapping[str, Any]
    running: Mapping[str, Any]
    manifest: Manifest
    architecture: str = ""
    preview_epochs: tuple[int, ...] = ()
    ended_by: str = ""
    minutes: float | None = None
    best_epoch: int | None = None
    stage_starts: tuple[int, ...] = (1,)
    first_stop: int | None = None
    undone_epochs: int = 0

    @property
    def touched(self) -> datetime:
        """Time of the training's last report."""
        return datetime.fromisoformat(self.manifest.created)

    @property
    def columns(self) -> list[str]:
        """Columns that are drawn as curves; units of single layers have a chart of their own."""
        return [
            name
            for name in self.frame.columns
            if name not in _CLOCKS and not name.startswith(UNITS_OF_LAYER)
        ]

    @property
    def best_row(self) -> int | None:
        """Position of the epoch whose weights are kept; None before the first.

        Where no record says which, it is that of the lowest validation loss of the last stage.
        """
        epochs = self.frame.get("epoch", pd.Series(dtype=float))
        if self.best_epoch in epochs.tolist():
            return epochs.tolist().index(self.best_epoch)
        losses = self.frame.get("validation_loss", pd.Series(np.nan, self.frame.index))
        of_last_stage = losses.where(epochs >= self.stage_starts[-1])
        return int(np.nanargmin(of_last_stage)) if of_last_stage.notna().any() else None

    @property
    def drops(self) -> list[int]:
        """Positions of the epochs before which the learning rate was lowered to a third.

        A training whose rate follows a schedule has none.
        """
        rates = self.frame.get("learning_rate", pd.Series(dtype=float)).tolist()
        changes = [place for place in range(1, len(rates)) if rates[place] != rates[place - 1]]
        is_third = [math.isclose(3 * rates[x], rates[x - 1], rel_tol=1e-3) for x in changes]
        return changes if all(is_third) else []

    def state(self, now: datetime) -> State:
        """Whether it runs, was interrupted, or has ended."""
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
    """Progress of a running training and estimates of the remaining time.

    Attributes:
        epoch: Current epoch, from 1.
        epochs: Epoch limit.
        share: Share of the epoch that is done, 0..1; None while that is unknown.
        images_per_second: Speed; None before the first report of the epoch.
        epoch_seconds: Seconds to the end of the epoch, without validation, at the last report.
        total_seconds: Seconds to the last epoch; None before one epoch is finished.
        waited: Finished epochs since the best one, or since the learning rate was lowered.
        patience: Epochs without improvement after which it stops early.
        drops_left: How often the learning rate is lowered instead, before that.
    """

    epoch: int
    epochs: int | None
    share: float | None
    images_per_second: float | None
    epoch_seconds: float | None
    total_seconds: float | None
    waited: int
    patience: int | None
    drops_left: int = 0


def read_runs(store: ArtifactStore) -> Runs:
    """All trainings of the store; damaged histories are listed as problems."""
    runs: dict[str, TrainingRun] = {}
    problems: list[ArtifactError] = []
    for key in store.keys(PREFIX):
        try:
            runs[key.removeprefix(PREFIX)] = store.load(key, partial(_read, store))
        except ArtifactError as error:
            problems.append(error)
    return Runs(runs, tuple(problems))


def measure_of(column: str) -> Measure:
    """Parses the name of a column."""
    phase: Phase = "validation" if column.startswith("validation_") else "training"
    name = column.removeprefix("validation_")
    if name in _UNITS or name.startswith(UNITS_OF_LAYER):
        # Counted on validation images; the name of a layer may end in a number, too.
        return Measure(name, "validation", None)
    numbered = re.fullmatch(r"(.+)_(\d{1,3})", name)
    if numbered:
        return Measure(numbered[1], phase, int(numbered[2]))
    return Measure(name, phase, None)


def outlook(run: TrainingRun) -> Outlook:
    """Progress and remaining time of a running training."""
    running, done = run.running, len(run.frame)
    epoch = int(running.get("epoch", done + 1))
    steps = running.get("steps")
    by_clock = run.minutes is not None
    epochs, patience = (None if by_clock else run.config.get(x) for x in ("epochs", "patience"))
    counted_from = max([-1 if run.best_row is None else run.best_row, *(x - 1 for x in run.drops)])
    per_epoch = _epoch_seconds(run)
    total = None if per_epoch is None or not epochs else per_epoch * max(0, epochs - done)
    share = running["step"] / steps if steps and "step" in running else None
    if total is not None and share is not None and per_epoch is not None:
        total = max(0.0, total - share * per_epoch)
    return Outlook(
        epoch=epoch,
        epochs=epochs,
        share=share,
        images_per_second=running.get("images_per_second"),
        epoch_seconds=running.get("seconds_left"),
        total_seconds=total,
        waited=0 if run.best_row is None else done - 1 - counted_from,
        patience=patience,
        drops_left=max(0, int(run.config.get("lr_drops") or 0) - len(run.drops)),
    )


def _read(store: ArtifactStore, artifact: Artifact) -> TrainingRun:
    frame = artifact.parsed(
        artifact.file("csv"), _numbers, reason="is not a table of numbers, one row per epoch"
    )
    facts, name = HistoryFacts.of(artifact), artifact.key.removeprefix(PREFIX)
    return TrainingRun(
        name=name,
        frame=frame,
        config=facts.config,
        running=facts.running,
        manifest=artifact.manifest,
        architecture=facts.architecture,
        preview_epochs=facts.previews,
        ended_by=facts.ended_by,
        minutes=facts.minutes,
        best_epoch=facts.best_epoch or _published_epoch(store, name, facts.run, len(frame)),
        stage_starts=facts.stage_starts,
        first_stop=facts.first_stop,
        undone_epochs=facts.undone_epochs,
    )


def _published_epoch(store: ArtifactStore, name: str, run: str, epochs: int) -> int | None:
    """Epoch of the published weights; None unless they are of this training and its last epoch."""
    try:
        card = store.load(f"models/{name}", read_card)
    except ArtifactError:
        return None
    is_of_run = card.manifest.facts.get("run", "") == run and card.training.epochs == epochs
    return card.training.best_epoch if is_of_run else None


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
    # Only the latest epochs, because the load of the machine changes.
    return float(seconds.tail(3).mean()) if len(seconds) else None
