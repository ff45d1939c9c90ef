"""Averaged weights as small files, two alternating sets, for machines that limit file sizes."""

import time
from dataclasses import dataclass, field

import numpy as np

from core.models.training.checkpoints import Arrays, to_npz
from core.store import ArtifactStore

#: Largest file, below 16 MB with its header.
PIECE_BYTES = 15_000_000

SECONDS = 120.0


@dataclass
class WeightPieces:
    """The averaged weights of a running training, in half precision.

    Each set is one artifact, committed atomically; while one is being written, the other stays.

    Attributes:
        store: Where they are written.
        model: Name of the model.
        seconds: Seconds between two sets.
        piece_bytes: Largest file.
    """

    store: ArtifactStore
    model: str
    seconds: float = SECONDS
    piece_bytes: int = PIECE_BYTES
    _saved: float = field(default_factory=time.monotonic)
    _turn: int = 0

    def is_due(self) -> bool:
        """Whether the next set is due."""
        return time.monotonic() - self._saved >= self.seconds

    def save(self, weights: Arrays, *, epoch: int) -> str:
        """Replaces the older set and returns its key."""
        name = f"weights-{'ab'[self._turn]}"
        self._turn, self._saved = 1 - self._turn, time.monotonic()
        files = {
            f"{name}.{index:03d}.npz": to_npz(piece)
            for index, piece in enumerate(split(weights, self.piece_bytes))
        }
        key = f"cache/train/{self.model}/{name}"
        self.store.commit(key, files, facts={"model": self.model, "epoch": epoch})
        return key


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
