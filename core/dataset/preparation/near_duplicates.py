"""Near-duplicates between splits, which leak training images into the test split."""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Largest Hamming distance between two 64-bit hashes that counts as a near-duplicate.
MAX_DISTANCE = 4
_BLOCK_ROWS = 256


class Hashes(NamedTuple):
    """Perceptual hashes of one split: the ids, and as many uint64 values."""

    ids: list[str]
    values: NDArray[np.uint64]


class NearDuplicate(NamedTuple):
    """Two images, and the Hamming distance of their 64-bit perceptual hashes."""

    first: str
    second: str
    distance: int


def near_duplicates(
    splits: Mapping[str, Hashes], *, max_distance: int = MAX_DISTANCE
) -> list[NearDuplicate]:
    """Pairs of images from two different splits, by rising Hamming distance."""
    found: list[NearDuplicate] = []
    for first, second in combinations(splits.values(), 2):
        found.extend(_pairs(first, second, max_distance))
    return sorted(found, key=lambda pair: (pair.distance, pair.first, pair.second))


def _pairs(first: Hashes, second: Hashes, max_distance: int) -> list[NearDuplicate]:
    pairs = []
    for start in range(0, len(first.ids), _BLOCK_ROWS):
        block = first.values[start : start + _BLOCK_ROWS, None]
        distances = np.bitwise_count(block ^ second.values[None, :])
        for row, column in np.argwhere(distances <= max_distance):
            pair = (first.ids[start + row], second.ids[column])
            pairs.append(NearDuplicate(*pair, int(distances[row, column])))
    return pairs
