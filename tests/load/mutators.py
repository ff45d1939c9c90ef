"""What can happen to the bytes of a file of the learned codec."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parents[1] / "golden"
STREAMS = {path.stem: path.read_bytes() for path in sorted((GOLDEN / "streams").glob("*.bnk"))}
Mutator = Callable[[bytearray, np.random.Generator], None]


def flip(data: bytearray, random: np.random.Generator) -> None:
    """One bit is another."""
    data[random.integers(len(data))] ^= 1 << int(random.integers(8))


def overwrite(data: bytearray, random: np.random.Generator) -> None:
    """Up to four bytes are others."""
    start = int(random.integers(len(data)))
    data[start : start + 4] = random.bytes(min(4, len(data) - start))


def truncate(data: bytearray, random: np.random.Generator) -> None:
    """The end is missing."""
    del data[int(random.integers(len(data))) :]


def append(data: bytearray, random: np.random.Generator) -> None:
    """Something follows."""
    data += random.bytes(int(random.integers(1, 9)))


def delete(data: bytearray, random: np.random.Generator) -> None:
    """Bytes in the middle are missing."""
    start = int(random.integers(len(data)))
    del data[start : start + int(random.integers(1, 5))]


def splice(data: bytearray, random: np.random.Generator) -> None:
    """The end is that of another stream."""
    other = list(STREAMS.values())[random.integers(len(STREAMS))]
    cut = int(random.integers(1, len(data)))
    data[cut:] = other[cut:]


def replace_payload(data: bytearray, random: np.random.Generator) -> None:
    """The header is whole and the rest is noise."""
    data[13:] = random.bytes(max(1, len(data) - 13))


def replace_header(data: bytearray, random: np.random.Generator) -> None:
    """Quality, size or check are noise."""
    data[4:9] = random.bytes(5)


MUTATORS: tuple[Mutator, ...] = (
    flip, overwrite, truncate, append, delete, splice, replace_payload, replace_header,
)  # fmt: skip
#: What leaves a header that can be read, so that a checksum can be mended.
PAYLOAD_MUTATORS: tuple[Mutator, ...] = (
    flip, overwrite, truncate, append, delete, splice, replace_payload,
)  # fmt: skip
