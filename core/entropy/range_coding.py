"""A range coder over groups of symbols, each group with its own table, with the shortest tail.

The coder is constriction's. Its output is whole 32-bit words; about half of the last ones carry no
information, which matters where a whole image takes a few hundred bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from core.entropy.errors import CorruptStream
from core.entropy.tables import PreparedTable

queue = constriction.stream.queue

#: A symbol takes at most this many bits, because no table entry is below 2**-24.
MOST_BITS_PER_SYMBOL = 24
#: Symbols at the end that are decoded for each candidate of a shorter tail.
_TAIL_SYMBOLS = 4096
#: Symbols that a writer holds before it looks for those that the tail no longer needs.
_MOST_HELD = 2**20
#: Bytes that two trailing words can lose.
_MOST_BYTES_TO_DROP = 8

#: A table, or one that was prepared because it is used often.
Table = NDArray[np.int32] | PreparedTable


@dataclass(frozen=True)
class _Group:
    symbols: NDArray[np.int32]
    model: Any
    start: tuple[int, tuple[int, int]]


@dataclass
class SymbolWriter:
    """Collects groups of symbols and gives their bytes.

    constriction ends a message so that any further data may follow it. Here nothing follows, and
    missing bytes read as zeros, so the shortest bytes that give the same symbols are enough.
    """

    _coder: Any = field(default_factory=queue.RangeEncoder)
    _groups: list[_Group] = field(default_factory=list)
    _held: int = 0
    _look_at: int = _MOST_HELD

    def write(self, symbols: NDArray[np.int32], table: Table) -> None:
        """Appends a group.

        Args:
            symbols: int32, shape (n,), each an index into the table.
            table: Integers as `core.entropy.tables.normalised` makes them.

        Raises:
            ValueError: A symbol lies outside the table.
        """
        prepared = _prepared(table)
        most = prepared.entries.size - 1
        if symbols.size and not 0 <= symbols.min() <= symbols.max() <= most:
            raise ValueError(
                f"Symbols must lie in 0..{most}; received {symbols.min()}..{symbols.max()}."
            )
        self._append(symbols, prepared.model)

    def write_groups(
        self, symbols: NDArray[np.int32], counts: Sequence[int], tables: Sequence[PreparedTable]
    ) -> None:
        """Appends groups that lie one after another, as `write` does one by one.

        Args:
            symbols: int32, shape (sum of the counts,).
            counts: Number of symbols in each group.
            tables: Table of each group.

        Raises:
            ValueError: A symbol lies outside its table.
        """
        sizes = np.repeat([table.entries.size for table in tables], counts)
        if ((symbols < 0) | (symbols >= sizes)).any():
            raise ValueError("Symbols must lie in their tables.")
        start = 0
        for count, table in zip(counts, tables, strict=True):
            # A copy: the writer forgets groups one by one.
            self._append(symbols[start : start + count].copy(), table.model)
            start += count

    def finish(self) -> bytes:
        """Shortest payload that the decoder reads back; its last byte is never zero."""
        whole: bytes = self._coder.get_compressed().astype(">u4").tobytes()
        tail, found = self._tail(), whole
        least, most = max(0, len(whole) - _MOST_BYTES_TO_DROP), len(whole)
        # Whatever number a short payload says, a longer one can say too: so lengths are halved.
        while least < most:
            kept = (least + most) // 2
            candidates = (whole[:kept], _incremented(whole[:kept]))
            readable = next((data for data in candidates if _reads_back(data, tail)), None)
            if readable is None:
                least = kept + 1
            else:
                found, most = readable, kept
        return found.rstrip(b"\0")

    def _append(self, symbols: NDArray[np.int32], model: Any) -> None:
        self._groups.append(_Group(symbols, model, self._coder.pos()))
        self._coder.encode(symbols, model)
        self._held += symbols.size
        if self._held > self._look_at:
            self._forget()

    def _forget(self) -> None:
        """Lets go of groups that no later tail can begin before."""
        self._groups = self._tail()
        self._held = sum(group.symbols.size for group in self._groups)
        self._look_at = _MOST_HELD + 2 * self._held

    def _tail(self) -> list[_Group]:
        """Last groups, enough of them that what precedes is settled by earlier bytes."""
        count = 0
        for first in range(len(self._groups) - 1, -1, -1):
            count += self._groups[first].symbols.size
            if count >= _TAIL_SYMBOLS and self._is_settled_before(first):
                return self._groups[first:]
        return list(self._groups)

    def _is_settled_before(self, first: int) -> bool:
        """Whether the bytes that may change lie wholly behind the start of a group."""
        words_before = self._groups[first].start[0]
        return words_before + _MOST_BYTES_TO_DROP // 4 + 2 < len(self._coder.get_compressed())


class SymbolReader:
    """Gives back groups of symbols from a payload, in the order in which they were written.

    Bytes that no writer made are noticed only where they fit no symbol, and data behind the last
    symbol not at all: the check of `core.entropy.bitstream` is what finds them.
    """

    def __init__(self, payload: bytes) -> None:
        self._coder = queue.RangeDecoder(_words(payload))

    def read(self, count: int, table: Table) -> NDArray[np.int32]:
        """Next group.

        Args:
            count: Number of symbols; whoever calls has checked it against the image's size.
            table: Table with which the group was written.

        Returns:
            int32, shape (count,), each an index into the table.

        Raises:
            CorruptStream: The bytes cannot come from these tables.
        """
        return self.read_groups([count], [_prepared(table)])

    def read_groups(
        self, counts: Sequence[int], tables: Sequence[PreparedTable]
    ) -> NDArray[np.int32]:
        """Next groups, one after another, as `read` gives them one by one."""
        decode = self._coder.decode
        try:
            groups = [decode(t.model, count) for count, t in zip(counts, tables, strict=True)]
        except AssertionError as error:
            raise CorruptStream("The data does not fit its probability tables.") from error
        return np.concatenate(groups) if groups else np.empty(0, np.int32)


def _prepared(table: Table) -> PreparedTable:
    return table if isinstance(table, PreparedTable) else PreparedTable.of(table)


def _words(payload: bytes) -> NDArray[np.uint32]:
    padded = payload + b"\0" * (-len(payload) % 4)
    return np.frombuffer(padded, dtype=">u4").astype(np.uint32)


def _incremented(prefix: bytes) -> bytes:
    """Prefix plus one in its last place, or the prefix itself where that would overflow."""
    number = int.from_bytes(prefix[-_MOST_BYTES_TO_DROP:], "big") + 1
    size = len(prefix[-_MOST_BYTES_TO_DROP:])
    if number.bit_length() > 8 * size:
        return prefix
    return prefix[: len(prefix) - size] + number.to_bytes(size, "big")


def _reads_back(payload: bytes, groups: list[_Group]) -> bool:
    if not groups:
        return True
    decoder = queue.RangeDecoder(_words(payload))
    position, state = groups[0].start
    try:
        if position:
            decoder.seek(position, state)
        for group in groups:
            decoded = decoder.decode(group.model, group.symbols.size)
            if not np.array_equal(decoded, group.symbols):
                return False
    except (AssertionError, ValueError):
        return False
    return True
