"""Convolutions of 16-bit integers, computed without any rounding that depends on the machine.

Products run in float64, where sums of integers are exact below 2**53 whatever the order, the
number of threads or the instructions of the processor. That no sum can be larger follows from the
weights alone, and is checked before a network is written and whenever one is read. The principle
is that of Ballé, Johnston & Minnen, "Integer networks for data compression with latent-variable
models", ICLR 2019, https://openreview.net/forum?id=S1zz2i0cY7; here weights and activations have
16 bits and all rescaling is by powers of two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Integers below this are exact in float64.
EXACT_BELOW = 2**53

#: Positions of the quality dial, 1 to this.
QUALITIES = 100

#: Values of one matrix of patches; keeps it in the cache, and the memory for large maps bounded.
_PATCH_VALUES = 2**20

Map = NDArray[np.float64]


@dataclass(frozen=True)
class IntegerConvolution:
    """A convolution of stride 1, edges padded with zeros, then a rescaling and a clipping.

    Output channel c is floor((sum + bias[c]) * 2**-shift[c]), clipped to lowest..highest. Half a
    unit for rounding is part of the bias.

    Attributes:
        kernel: int16, shape (size, size, inputs, outputs), size odd.
        bias: int64, shape (levels, outputs): at the quality levels, see `at_quality`; one level
            where quality does not matter.
        shift: int8, shape (outputs,).
        lowest: Smallest value of the output.
        highest: Largest value of the output.
    """

    kernel: NDArray[np.int16]
    bias: NDArray[np.int64]
    shift: NDArray[np.int8]
    lowest: int
    highest: int

    def at(self, quality: int) -> "ConvolutionAtQuality":
        """The convolution at one position of the dial."""
        return ConvolutionAtQuality(self, at_quality(self.bias, quality) * self._multiplier)

    def max_sum(self, most: Sequence[int]) -> int:
        """Bound of every sum that can occur, partial ones included, in Python's integers.

        Args:
            most: Largest absolute value of each input channel.
        """
        weights = np.abs(self.kernel.astype(np.int64)).sum(axis=(0, 1)).T
        biases = np.abs(self.bias).max(axis=0)
        sums = [
            sum(weight * limit for weight, limit in zip(row, most, strict=True)) + bias
            for row, bias in zip(weights.tolist(), biases.tolist(), strict=True)
        ]
        return int(max(sums))

    def check(self, most: Sequence[int]) -> None:
        """Proves the convolution exact.

        Args:
            most: Largest absolute value of each input channel.

        Raises:
            ValueError: It is not, or its arrays do not fit together.
        """
        size, columns, inputs, outputs = self.kernel.shape
        if size != columns or size % 2 == 0 or self.kernel.dtype != np.int16:
            raise ValueError(f"A kernel is odd, square and int16; received {self.kernel.shape}.")
        if self.bias.shape[1:] != (outputs,) or self.shift.shape != (outputs,):
            raise ValueError(f"There must be {outputs} biases and shifts.")
        if len(most) != inputs:
            raise ValueError(f"There must be {len(most)} inputs; the kernel has {inputs}.")
        if not -16 <= int(self.shift.min()) <= int(self.shift.max()) <= 48:
            raise ValueError("Shifts must lie in -16..48.")
        # A negative shift makes the result larger than the sum.
        grown = self.max_sum(most) << max(0, -int(self.shift.min()))
        if grown >= EXACT_BELOW:
            raise ValueError(f"Sums reach {grown}, which float64 does not hold exactly.")

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """Weights times 2**-shift as a matrix, float64, shape (size * size * inputs, outputs).

        A power of two changes no digit of a sum, so products with it are as exact as with integers.
        """
        matrix = self.kernel.reshape(-1, self.kernel.shape[-1]) * self._multiplier
        # Columns one after another is how BLAS takes them.
        return np.asfortranarray(matrix)

    @property
    def _multiplier(self) -> NDArray[np.float64]:
        return np.ldexp(1.0, -self.shift.astype(np.int32))


@dataclass(frozen=True)
class ConvolutionAtQuality:
    """A convolution with the bias of one quality.

    Attributes:
        convolution: The convolution.
        bias: Integers times 2**-shift, float64, shape (outputs,).
    """

    convolution: IntegerConvolution
    bias: NDArray[np.float64]

    def run(self, values: Map) -> Map:
        """Output for a map of integers, float64, shape (rows, columns, inputs)."""
        size, _, inputs, outputs = self.convolution.kernel.shape
        rows, columns, _ = values.shape
        padded = _padded(values, size // 2)
        output = np.empty((rows, columns, outputs))
        strip = max(1, _PATCH_VALUES // (columns * size * size * inputs))
        for top in range(0, rows, strip):
            count = min(strip, rows - top)
            patches = _patches(padded[top : top + count + size - 1], size)
            self._multiply(patches, output[top : top + count].reshape(-1, outputs))
        return output

    def _multiply(self, patches: NDArray[np.float64], output: NDArray[np.float64]) -> None:
        np.matmul(patches, self.convolution.matrix, out=output)
        output += self.bias
        np.floor(output, out=output)
        np.clip(output, self.convolution.lowest, self.convolution.highest, out=output)


def at_quality(levels: NDArray[np.signedinteger[Any]], quality: int) -> NDArray[np.int64]:
    """Row of a table at a quality between its levels, linearly and exactly rounded.

    Args:
        levels: Integers at levels spread evenly over the dial, shape (levels, ...).
        quality: 1 to QUALITIES.
    """
    last = len(levels) - 1
    if not last:
        return np.asarray(levels[0], dtype=np.int64)
    lower, part = divmod((quality - 1) * last, QUALITIES - 1)
    upper = min(lower + 1, last)
    mixed = levels[lower].astype(np.int64) * (QUALITIES - 1 - part) + levels[upper] * part
    rounded: NDArray[np.int64] = (2 * mixed + QUALITIES - 1) // (2 * (QUALITIES - 1))
    return rounded


def rescaled(values: Map, shift: int) -> Map:
    """Integers times 2**-shift, rounded to the nearest, halves upwards; overwrites them.

    Exact for absolute values below 2**52.
    """
    values *= 2.0**-shift
    values += 0.5
    return np.floor(values, out=values)


def _padded(values: Map, margin: int) -> Map:
    if not margin:
        return values
    # For small maps `np.pad` takes several times longer.
    rows, columns, channels = values.shape
    padded = np.zeros((rows + 2 * margin, columns + 2 * margin, channels))
    padded[margin:-margin, margin:-margin] = values
    return padded


def _patches(padded: Map, size: int) -> NDArray[np.float64]:
    """Every position's neighbourhood as one row."""
    rows, columns = padded.shape[0] - size + 1, padded.shape[1] - size + 1
    if size == 1:
        return padded.reshape(rows * columns, -1)
    parts = [
        padded[down : down + rows, right : right + columns]
        for down in range(size)
        for right in range(size)
    ]
    return np.concatenate(parts, axis=-1).reshape(rows * columns, -1)
