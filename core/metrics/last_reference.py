"""Keeps what a metric computed from its last reference: one image meets many codecs in a row."""

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from core.images import Image

Statistics = TypeVar("Statistics")


class LastReference(Generic[Statistics]):
    """Memory of one place for the part of a metric that depends on the reference alone.

    The reference is compared by its pixels, so an array that was changed in place is computed
    anew. Threads may share an instance: the place is replaced as a whole.
    """

    def __init__(self, compute: Callable[[Image], Statistics]) -> None:
        self._compute = compute
        self._last: tuple[Image, Statistics] | None = None

    def __call__(self, reference: Image) -> Statistics:
        """Statistics of the reference, computed unless it is the one of the call before."""
        last = self._last
        if last is not None and np.array_equal(last[0], reference):
            return last[1]
        statistics = self._compute(reference)
        self._last = (reference.copy(), statistics)
        return statistics
