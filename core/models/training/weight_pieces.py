"""Averaged weights as small files, for machines whose files come back in pieces and late.

A checkpoint has the optimiser's state too and is four times as large. From these sets a training
that was lost can still be published, on another machine (`go_on_from_pieces`).
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.models.training.checkpoints import (
    Arrays,
    Checkpoints,
    from_npz,
    load_weights,
    to_npz,
    weight_arrays,
)
from core.models.training.divergence import has_diverged
from core.models.training.loop import Training
from core.models.training.progress import Progress
from core.store import ArtifactError, ArtifactStore

#: Largest file, below 16 MB with its header.
PIECE_BYTES = 15_000_000

SECONDS = 120.0

#: Sets of the latest weights, written in turn, and that of the best ones.
_LATEST = ("weights-a", "weights-b")
_BEST = "weights-best"


@dataclass
class WeightPieces:
    """The averaged weights of a running training, in half precision.

    Each set is one artifact, committed atomically; while one is being written, the other stays.

    Attributes:
        store: Where they are written.
        model: Name of the model.
        seconds: Seconds between two sets of the latest weights.
        piece_bytes: Largest file.
    """

    store: ArtifactStore
    model: str
    seconds: float = SECONDS
    piece_bytes: int = PIECE_BYTES
    _saved: float = field(default_factory=time.monotonic)
    _turn: int = 0

    def is_due(self) -> bool:
        """Whether the next set of the latest weights is due."""
        return time.monotonic() - self._saved >= self.seconds

    def save(self, weights: Arrays, checkpoints: Checkpoints, progress: Progress) -> str:
        """Replaces the older set of the latest weights and returns its key.

        Args:
            weights: The averaged weights.
            checkpoints: Of the same training.
            progress: With `partial`, the metrics of the epoch that is not finished.
        """
        name = _LATEST[self._turn]
        self._turn, self._saved = 1 - self._turn, time.monotonic()
        return self._commit(name, weights, checkpoints, progress)

    def save_within(
        self, training: Training, figures: dict[str, float], step: int, seconds: float
    ) -> None:
        """Saves the current weights of a training within an epoch; like `save`.

        Args:
            training: The training; its progress is that before the epoch was gone on with.
            figures: Means of the metrics over the epoch's steps so far.
            step: Their number.
            seconds: What they took of this run.
        """
        progress = training.progress
        images = progress.images + (step - progress.step) * training.config.batch
        latest = replace(progress, images=images, step=step, partial=figures)
        latest.seconds += seconds
        with training.network.averaged():
            weights = weight_arrays(training.network)
        self.save(weights, training.checkpoints, latest)

    def save_best(self, weights: Arrays, checkpoints: Checkpoints, progress: Progress) -> str:
        """Replaces the set of the best weights and returns its key; like `save`."""
        return self._commit(_BEST, weights, checkpoints, progress)

    def sets(self) -> dict[str, Mapping[str, Any]]:
        """Facts of the intact sets by key, those that have seen most images first."""
        found = {}
        for name in (_BEST, *_LATEST):
            with suppress(ArtifactError):
                found[self._key(name)] = self.store.manifest(self._key(name)).facts
        return dict(sorted(found.items(), key=lambda item: -item[1]["progress"]["images"]))

    def clear(self) -> None:
        """Removes all sets."""
        for name in (_BEST, *_LATEST):
            self.store.delete(self._key(name))

    def best(self) -> Arrays:
        """The best weights; none before the first epoch has ended."""
        return self.weights(self._key(_BEST)) if self._key(_BEST) in self.sets() else {}

    def weights(self, key: str) -> Arrays:
        """Weights of a set.

        Raises:
            ArtifactError: It is missing or damaged.
        """
        artifact = self.store.open(key)
        found: Arrays = {}
        for name in artifact.manifest.files:
            found |= artifact.parsed(name, from_npz, reason="does not hold arrays")
        return {path: _full(array) for path, array in found.items()}

    def _key(self, name: str) -> str:
        return f"cache/train/{self.model}/{name}"

    def _commit(
        self, name: str, weights: Arrays, checkpoints: Checkpoints, progress: Progress
    ) -> str:
        files = {
            f"{name}.{index:03d}.npz": to_npz(piece)
            for index, piece in enumerate(split(weights, self.piece_bytes))
        }
        facts = checkpoints.facts(progress)
        self.store.commit(self._key(name), files, facts=facts)
        return self._key(name)


def go_on_from_pieces(training: Training, pieces: WeightPieces) -> None:
    """Gives a training the best weights of another machine's, and what it knew of them.

    Weights that were not validated there are validated here. No checkpoint is left.

    Args:
        training: A training that has not started.
        pieces: What came back.

    Raises:
        ForeignCheckpoint: They are of another training.
        ArtifactError: There are none, or they are damaged.
    """
    latest, facts = next(iter(pieces.sets().items()))
    training.checkpoints.check(latest, facts)
    progress = Progress.of(facts["progress"])
    training.best = pieces.best()
    training.follow(progress)
    training.history.recall_previews(epochs=progress.epoch, warn=training.monitor.say)
    if progress.partial and not has_diverged(progress, progress.partial["loss"]):
        load_weights(training.network, pieces.weights(latest))
        training.validate_epoch(progress.partial)
        # Its optimiser is a new one: a training that resumed from it would begin its rate anew.
        training.checkpoints.clear()


def split(weights: Arrays, piece_bytes: int) -> list[Arrays]:
    """Weights in half precision, in groups of a limited number of bytes.

    An array larger than the limit is a group of its own.
    """
    groups: list[Arrays] = [{}]
    size = 0
    for path, array in weights.items():
        is_float = np.issubdtype(array.dtype, np.floating)
        half = array.astype(np.float16) if is_float else array
        if groups[-1] and size + half.nbytes > piece_bytes:
            groups.append({})
            size = 0
        groups[-1][path] = half
        size += half.nbytes
    return groups


def _full(array: Any) -> Any:
    """A weight in single precision."""
    return array.astype(np.float32) if array.dtype == np.float16 else array
