"""A second range decoder, in pure Python integers and independent of constriction."""

from bisect import bisect_right
from collections.abc import Callable

import numpy as np
import pytest

_WORD = 2**32
_MASK = 2**64 - 1


class PlainDecoder:
    """Reads what a 32-bit-word, 64-bit-state range encoder wrote, one symbol at a time."""

    def __init__(self, payload: bytes) -> None:
        padded = payload + b"\0" * (-len(payload) % 4)
        self._words = [int.from_bytes(padded[i : i + 4], "big") for i in range(0, len(padded), 4)]
        self._lower, self._range, self._point = 0, _MASK, 0
        for _ in range(2):
            self._point = self._point << 32 | self._next_word()

    def _next_word(self) -> int:
        return self._words.pop(0) if self._words else 0

    def read(self, count: int, table: np.ndarray) -> list[int]:
        edges = [0]
        for entry in table.tolist():
            edges.append(edges[-1] + entry + 1)
        return [self._read_one(edges) for _ in range(count)]

    def _read_one(self, edges: list[int]) -> int:
        scale = self._range >> 24
        quantile = (self._point - self._lower & _MASK) // scale
        symbol = bisect_right(edges, quantile, hi=len(edges) - 1) - 1
        self._lower = self._lower + scale * edges[symbol] & _MASK
        self._range = scale * (edges[symbol + 1] - edges[symbol])
        if self._range < _WORD:
            self._lower = self._lower << 32 & _MASK
            self._range <<= 32
            self._point = (self._point << 32 | self._next_word()) & _MASK
        return symbol


@pytest.fixture
def plain_decoder() -> Callable[[bytes], PlainDecoder]:
    return PlainDecoder
