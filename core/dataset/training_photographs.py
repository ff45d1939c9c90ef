"""Photographs of any size for training only: never shown and never measured on."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Refusal
from core.store import ArtifactStore

#: In the cache, which git ignores and no page reads, because they are not a data set.
KEY = "cache/prepare/photographs"
VALUES_FILE = "photographs.bin"
TABLE_FILE = "photographs.table.npy"


@dataclass(frozen=True)
class Photographs:
    """The pixels of all photographs, concatenated.

    Attributes:
        values: uint8, one axis; mapped from the disk.
        table: First value, height and width of each photograph, int32, shape (count, 3).
        facts: Source and sha256 of each photograph.
    """

    values: NDArray[np.uint8]
    table: NDArray[np.int32]
    facts: Mapping[str, Any]

    def large(self, side: int) -> NDArray[np.int32]:
        """Rows of the table of those photographs that have no side below `side`.

        Raises:
            Refusal: There is none.
        """
        found = self.table[(self.table[:, 1:] >= side).all(axis=1)]
        if not len(found):
            raise Refusal(f"No photograph has sides of at least {side} pixels.")
        return found

    def pixels(self, row: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Pixels of the photograph of a row of the table, shape (height, width, 3)."""
        first, height, width = (int(value) for value in row)
        return self.values[first : first + 3 * height * width].reshape(height, width, 3)


def photographs_digest(store: ArtifactStore) -> str:
    """SHA-256 of the pixels of all photographs that are trained on.

    Raises:
        ArtifactError: There are none.
    """
    return store.manifest(KEY).files[VALUES_FILE].sha256


def open_photographs(store: ArtifactStore) -> Photographs:
    """The photographs that `pipelines.prepare --extra` took.

    Raises:
        ArtifactError: There are none, or they are damaged.
    """
    artifact = store.open(KEY)
    reason = "is not a table of photographs"
    table = artifact.parsed(TABLE_FILE, _table, reason=reason)
    # As for the data set, the pixels were hashed when they were written.
    values = np.memmap(artifact.path(VALUES_FILE, verify=False), dtype=np.uint8, mode="r")
    return Photographs(values, table, artifact.facts)


def _table(data: bytes) -> NDArray[np.int32]:
    table: NDArray[np.int32] = np.load(io.BytesIO(data), allow_pickle=False)
    if table.dtype != np.int32 or table.ndim != 2 or table.shape[1] != 3:
        raise ValueError("It must be int32 of three columns.")
    return table
