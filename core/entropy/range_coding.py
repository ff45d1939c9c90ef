"""A range coder over groups of symbols, each group with its own table, with the shortest tail.

The coder is constriction's. Its output is whole 32-bit words; about half of the last ones carry no
information, which matters where a whole image takes a few hundred bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import constriction
import numpy as np
from numpy.typing import NDArray

from core.entropy.errors import CorruptStream, TruncatedStream
from core.entropy.tables import PreparedTable

queue = constriction.stream.queue

#: Symbols at the end that are decoded for each candidate of a shorter tail.
_TAIL_SYMBOLS = 4096
#: Symbols that a writer holds before it looks for those that the tail no longer needs.
_MAX_HELD = 2**20
#: Bytes that two trailing words can lose.
_MAX_BYTES_TO_DROP = 8

#: Zero words that a writer drops from the end of a payload, where missing bytes read as zeros. A
#: flat image has many: seven words in one of 1,964 photographs, hundreds in a black image. The
#: bound lets a reader refuse a short file that claims a large image.
_MAX_DROPPED_ZERO_WORDS = 256
#: Words that a payload may lack: those zeros, those of the tail, and a part of a word.
_MAX_MISSING_WORDS = _MAX_DROPPED_ZERO_WORDS + _MAX_BYTES_TO_DROP // 4 + 2

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
    _look_at: int = _MAX_HELD

    def write(self, symbols: NDArray[np.int32], table: Table) -> None:
        """Appends a group.

        Args:
            symbols: int32, shape (n,), each an index into the table.
            table: Integers as `core.entropy.tables.quantize_pmf` makes them.

        Raises:
            ValueError: A symbol lies outside the table.
        """
        prepared = _prepared(table)
        most = prepared.entries.size - 1
        if symbols.size and not 0 <= symbols.min() <= symbols.max() <= most:
            raise ValueError(
                f"Symbols must lie in 0..{most}; received {symbols.min()}..{symbols.max()}."
            )
        self.append(symbols, prepared)

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
            self.append(symbols[start : start + count].copy(), table)
            start += count

    def append(self, symbols: NDArray[np.int32], table: PreparedTable) -> None:
        """Appends a group of symbols that are known to be in their table; keeps the array."""
        self._groups.append(_Group(symbols, table.model, self._coder.pos()))
        self._coder.encode(symbols, table.model)
        self._held += symbols.size
        if self._held > self._look_at:
            self._forget()

    @property
    def words(self) -> int:
        """Words of 32 bits that are settled so far."""
        return int(self._coder.pos()[0])

    def finish(self) -> bytes:
        """Shortest payload that is read back; zeros at its end are dropped up to a bound."""
        whole: bytes = self._coder.get_compressed().astype(">u4").tobytes()
        tail, found = self._tail(), whole
        least, most = max(0, len(whole) - _MAX_BYTES_TO_DROP), len(whole)
        # Whatever number a short payload says, a longer one can say too: so lengths are halved.
        while least < most:
            kept = (least + most) // 2
            candidates = (whole[:kept], _incremented(whole[:kept]))
            readable = next((data for data in candidates if _reads_back(data, tail)), None)
            if readable is None:
                least = kept + 1
            else:
                found, most = readable, kept
        shortest = len(found) - 4 * _MAX_DROPPED_ZERO_WORDS
        return found[: max(len(found.rstrip(b"\0")), shortest)]

    def _forget(self) -> None:
        """Lets go of groups that no later tail can begin before."""
        self._groups = self._tail()
        self._held = sum(group.symbols.size for group in self._groups)
        self._look_at = _MAX_HELD + 2 * self._held

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
        return words_before + _MAX_BYTES_TO_DROP // 4 + 2 < len(self._coder.get_compressed())


class PayloadBits(NamedTuple):
    """Bounds of what the symbols of an image can take, known before they are decoded.

    Attributes:
        min: Where each is the most likely one of its most favourable table.
        max: Where each is as unlikely as it can be.
    """

    min: float
    max: float

    def check(self, payload: bytes) -> None:
        """Refuses a payload that cannot belong to an image of the size that the header says.

        Raises:
            TruncatedStream: It is too short.
            CorruptStream: It is too long.
        """
        slack = 32 * _MAX_MISSING_WORDS
        if 8 * len(payload) + slack < self.min:
            raise TruncatedStream("The file is shorter than an image of its size can be.")
        if 8 * len(payload) > self.max + slack:
            raise CorruptStream("The file is longer than an image of its size can be.")


class SymbolReader:
    """Gives back groups of symbols from a payload, in the order in which they were written.

    What is read is encoded again, so that a payload is accepted only if it is byte for byte what
    `SymbolWriter` makes of its symbols: bytes behind the end, and symbols that are read past the
    end, are noticed whatever checksum a file carries.
    """

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._coder = queue.RangeDecoder(_words(payload))
        self._writer = SymbolWriter()
        self._max_words = len(payload) // 4 + _MAX_MISSING_WORDS

    def read(self, count: int, table: Table) -> NDArray[np.int32]:
        """Next group.

        Args:
            count: Number of symbols; the caller has checked it against the image's size.
            table: Table with which the group was written.

        Returns:
            int32, shape (count,), each an index into the table.

        Raises:
            CorruptStream: The bytes cannot come from these tables, or end before the group does.
        """
        return self.read_groups([count], [_prepared(table)])

    def read_groups(
        self, counts: Sequence[int], tables: Sequence[PreparedTable]
    ) -> NDArray[np.int32]:
        """Next groups, one after another, as `read` gives them one by one."""
        groups = [self._read(*group) for group in zip(counts, tables, strict=True)]
        return np.concatenate(groups) if groups else np.empty(0, np.int32)

    def finish(self) -> None:
        """Makes sure that the payload ends where its symbols do.

        Raises:
            CorruptStream: No encoder writes these bytes for these symbols.
        """
        if self._writer.finish() != self._payload:
            raise CorruptStream(
                "The file was cut or changed: it does not end where its image ends."
            )

    def _read(self, count: int, table: PreparedTable) -> NDArray[np.int32]:
        try:
            symbols: NDArray[np.int32] = self._coder.decode(table.model, count)
        except AssertionError as error:
            raise CorruptStream("The data does not fit its probability tables.") from error
        self._writer.append(symbols, table)
        if self._writer.words > self._max_words:
            raise CorruptStream("The file was cut or damaged: its data ends before its image does.")
        return symbols


def _prepared(table: Table) -> PreparedTable:
    return table if isinstance(table, PreparedTable) else PreparedTable.of(table)


def _words(payload: bytes) -> NDArray[np.uint32]:
    padded = payload + b"\0" * (-len(payload) % 4)
    return np.frombuffer(padded, dtype=">u4").astype(np.uint32)


def _incremented(prefix: bytes) -> bytes:
    """Prefix plus one in its last place, or the prefix itself where that would overflow."""
    number = int.from_bytes(prefix[-_MAX_BYTES_TO_DROP:], "big") + 1
    size = len(prefix[-_MAX_BYTES_TO_DROP:])
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
