"""Static tables for a latent whose channels are quantised uniformly, at any step size.

One fine histogram per channel is kept. A coarser step is a whole multiple of the finest one, and
its table is made by adding up neighbouring bins, in integers. So a single file serves every
position of the dial, and no float decides a probability.
"""

import hashlib
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.entropy.fixed_point import QUALITIES
from core.entropy.range_coding import PayloadBits
from core.entropy.tables import PRECISION_BITS, quantize_pmf

#: Bins of the finest histogram, over the range of the whole latent.
BINS = 8192
#: Finest steps in the coarsest one: four levels are left.
COARSEST = 2048


@dataclass(frozen=True)
class StepTables:
    """The tables at one step size.

    Attributes:
        multiple: Finest steps in this step.
        lowest: Index, in units of this step, of symbol 0.
        tables: int32, shape (channels, symbols), as `core.entropy.tables.quantize_pmf` makes them.
        values: float32, shape (channels, symbols): mean latent value of each symbol.
    """

    multiple: int
    lowest: int
    tables: NDArray[np.int32]
    values: NDArray[np.float32]

    def payload_bits(self, positions: int) -> PayloadBits:
        """Bounds of the payload of a latent of so many positions."""
        largest = self.tables.max(axis=1).astype(np.float64) + 1
        min_bits = float((PRECISION_BITS - np.log2(largest)).sum())
        max_bits = PRECISION_BITS * len(self.tables)
        return PayloadBits(positions * min_bits, positions * max_bits)


@dataclass(frozen=True)
class LatentTables:
    """How often each channel of a latent takes each value.

    Attributes:
        step: Width of a bin, in units of the latent.
        lowest: Index of the first bin: it is centred on `lowest * step`.
        counts: int32, shape (channels, BINS).
        multiples: int32, shape (QUALITIES,): finest steps in the step of quality 1, 2, ...
    """

    step: float
    lowest: int
    counts: NDArray[np.int32]
    multiples: NDArray[np.int32]

    @property
    def channels(self) -> int:
        """Channels of the latent."""
        return int(self.counts.shape[0])

    def at(self, quality: int) -> StepTables:
        """Tables for the step size of one quality, 1 to QUALITIES."""
        multiple = int(self.multiples[quality - 1])
        fine = self.lowest + np.arange(self.counts.shape[1])
        coarse = _coarsened(fine, multiple)
        starts = np.flatnonzero(np.diff(coarse, prepend=coarse[0] - 1))
        counts = np.add.reduceat(self.counts.astype(np.int64), starts, axis=1)
        sums = np.add.reduceat(self.counts * fine.astype(np.int64), starts, axis=1)
        centres = np.broadcast_to(coarse[starts] * multiple, counts.shape).astype(np.float64)
        means = np.divide(sums, counts, out=centres.copy(), where=counts > 0)
        tables = np.stack([quantize_pmf(channel) for channel in counts])
        values = (means * self.step).astype(np.float32)
        return StepTables(multiple, int(coarse[0]), tables, values)

    def symbols(self, latent: NDArray[np.float32], tables: StepTables) -> NDArray[np.int16]:
        """Symbols of a latent, int16, of its shape; values out of range take the nearest bin."""
        highest = self.lowest + self.counts.shape[1] - 1
        fine = np.clip(np.rint(latent / self.step), self.lowest, highest).astype(np.int32)
        return (_coarsened(fine, tables.multiple) - tables.lowest).astype(np.int16)

    def digest(self) -> bytes:
        """sha256 of all that decides a bit."""
        hashed = hashlib.sha256(b"latent tables 1")
        hashed.update(self.lowest.to_bytes(4, "little", signed=True))
        hashed.update(np.ascontiguousarray(self.multiples, dtype="<i4").data)
        hashed.update(np.ascontiguousarray(self.counts, dtype="<i4").data)
        return hashed.digest()

    def to_bytes(self) -> bytes:
        """Compressed file of the tables."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            step=np.float64(self.step),
            lowest=np.int32(self.lowest),
            counts=self.counts,
            multiples=self.multiples,
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "LatentTables":
        """Tables of a file that `to_bytes` made.

        Raises:
            ValueError: The file holds something else.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            tables = cls(
                step=float(arrays["step"]),
                lowest=int(arrays["lowest"]),
                counts=arrays["counts"],
                multiples=arrays["multiples"],
            )
        tables._check()
        return tables

    def _check(self) -> None:
        if self.counts.ndim != 2 or self.counts.dtype != np.int32 or self.counts.min() < 0:
            raise ValueError(f"Counts must be int32 of at least 0; received {self.counts.dtype}.")
        if self.multiples.shape != (QUALITIES,) or (np.diff(self.multiples) >= 0).any():
            raise ValueError(f"There must be {QUALITIES} falling multiples of the finest step.")
        if self.multiples.min() < 1 or self.multiples.max() * 2 > self.counts.shape[1]:
            raise ValueError(f"Multiples must lie in 1..{self.counts.shape[1] // 2}.")
        if not 0 < self.step < np.inf:
            raise ValueError(f"The step must be positive; received {self.step}.")


def fit_latent_tables(
    encode: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    batches: Callable[[], Iterable[NDArray[np.uint8]]],
) -> LatentTables:
    """Tables fitted to the latents of some images, in two passes over them.

    Args:
        encode: Gives the latents of a batch, shape (batch, height, width, channels).
        batches: Starts a pass over batches of images, uint8, (batch, height, width, 3).
    """
    ranges = [(latent.min(), latent.max()) for latent in map(encode, batches())]
    low, high = float(min(r[0] for r in ranges)), float(max(r[1] for r in ranges))
    step = max(high - low, 1e-6) / (BINS - 2)
    lowest = int(np.floor(low / step))
    counts = sum(_histogram(latent, step, lowest) for latent in map(encode, batches()))
    return LatentTables(step, lowest, np.asarray(counts, dtype=np.int32), _multiples())


def _histogram(latent: NDArray[np.float32], step: float, lowest: int) -> NDArray[Any]:
    channels = latent.shape[-1]
    bins = np.clip(np.rint(latent / step).astype(np.int64) - lowest, 0, BINS - 1)
    bins += np.arange(channels) * BINS
    return np.bincount(bins.ravel(), minlength=channels * BINS).reshape(channels, BINS)


def _multiples() -> NDArray[np.int32]:
    """From 1 at the best quality up to COARSEST, evenly spaced in the logarithm and distinct."""
    wanted = np.rint(np.geomspace(1, COARSEST, QUALITIES)).astype(np.int64)
    offsets = np.arange(QUALITIES)
    distinct = np.maximum.accumulate(wanted - offsets) + offsets
    return distinct[::-1].astype(np.int32)


def _coarsened(fine: NDArray[Any], multiple: int) -> NDArray[Any]:
    """Index of the nearest multiple, halves upwards, in integers."""
    return (fine + multiple // 2) // multiple
