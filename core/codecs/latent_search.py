"""A search for latents that cost less than the analysis' own, in bits and squared error together.

The analysis gives each value without knowing the rounding errors of the others. Here the errors
are known: the latents are coded, the gradient of the squared error is taken at the decoded ones,
and every value moves a little towards where its own error would be smallest and its bits fewest.
Then the latents are coded again. It is the refinement of Campos et al., "Content Adaptive
Optimization for Neural Image Compression", 2019, https://arxiv.org/abs/1906.01223, with hard
decisions in place of noise: what is seen is what the decoder will see.

Were the synthesis an orthonormal transform, the gradient at the decoded latents would consist of
the rounding errors alone, and nothing would be gained by following it. That part is known and
taken off, so that a value does not run from its own rounding.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.codecs.onnx_network import OnnxNetwork, Tiling
from core.entropy.fixed_point import QUALITIES
from core.entropy.integer_model import IntegerModel
from core.entropy.latent_coding import Coded, LatentCoder
from core.entropy.rate_slope import rate_slopes
from core.entropy.step_order import put_step
from core.entropy.step_sizes import StepSizes, step_sizes, table_scales
from core.images import Image
from core.progress import report

#: Second derivative of the cost with respect to a value, in bits per squared quantiser step. A
#: uniform quantiser of the best step for a weight of the error has this one at high rates.
_CURVATURE = 12.0 / math.log(2.0)

#: Pixels along a side of a block, which is a position of the latent.
_BLOCK = 16

#: Stands for a pixel of the padding, whose error does not count.
_PADDING = -1.0


class Gradient(NamedTuple):
    """The network that gives the error of decoded latents and its gradient, and how it is run.

    Attributes:
        network: From decoded latents, a plane of the quality and the blocks of the original to the
            gradient and a plane of squared errors (`core.models.bottleneck.refinement`).
        tiling: How it is run over a map of any size.
    """

    network: OnnxNetwork
    tiling: Tiling


class LatentSearch(NamedTuple):
    """What is searched for: latents of one image at one quality.

    Attributes:
        model: The entropy model.
        coder: The same at the quality.
        gradient: Gives errors and gradients.
        image: The image, its padding not included.
        quality: 1 to 100.
        weight: Bits that a squared error of one is worth.
    """

    model: IntegerModel
    coder: LatentCoder
    gradient: Gradient
    image: Image
    quality: int
    weight: float

    def run(
        self, latents: NDArray[np.float32], side: NDArray[np.float32], *, rounds: int
    ) -> list[Coded]:
        """The cheapest coded latents that were found, after those that were given.

        Args:
            latents: Where the search starts; overwritten.
            side: Side information, which is kept.
            rounds: How often all latents are moved.
        """
        sizes = step_sizes(self.model, self.quality, side)
        watcher = Watcher(latents, table_scales(self.model))
        found: list[tuple[float, Coded]] = []
        for count in range(rounds + 1):
            coded = self.coder.encode(latents, side, watcher)
            stride = _stride(count, rounds)
            error = self._move(latents, watcher, sizes, stride / _CURVATURE)
            cost = 8 * len(coded.payload) + self.weight * error
            if not found or cost < found[-1][0]:
                found[1:] = [(cost, coded)]
            report("refining", (count + 1) / (rounds + 1))
        return [coded for _, coded in found]

    def _move(
        self, latents: NDArray[np.float32], watcher: "Watcher", sizes: StepSizes, rate: float
    ) -> float:
        """Moves latents in place; gives the squared error before."""
        error = 0.0
        planes = SearchPlanes(watcher.latents, plane_value(self.quality), self.image)
        for tile in self.gradient.tiling.tiles(self.gradient.network, planes):
            place = tile.rows, tile.columns
            gradient, squares = tile.output[..., :-1], tile.output[..., -1]
            step = 1.0 / (sizes.channels * sizes.positions[place])
            slope = np.float32(self.weight) * gradient * step + watcher.pulls[place]
            latents[place] -= np.float32(rate) * slope * step
            error += float(squares.sum(dtype=np.float64))
        return error


def plane_value(quality: int) -> float:
    """The quality as the networks take it, in 0..1."""
    return (quality - 1) / (QUALITIES - 1)


def _stride(count: int, rounds: int) -> float:
    """Part of the way to its estimated optimum that each value goes.

    All values move at once, so each must go a part of the way only, and the last steps are small.
    Chosen on validation images: shorter steps are better where there are more of them.
    """
    return 0.15 / math.sqrt(max(1, rounds)) * (1.0 - count / (rounds + 1))


class Watcher:
    """Where each value is drawn by its bits and by its own rounding error.

    Attributes:
        latents: The decoded latents.
        pulls: Bits per quantiser step, of the latents' shape.
    """

    def __init__(self, latents: NDArray[np.float32], scales: NDArray[np.float32]) -> None:
        rows, columns, channels = latents.shape
        self.latents = np.empty_like(latents)
        self.pulls = np.empty_like(latents)
        self._step = np.empty((rows // 2, columns // 2, channels), np.float32)
        self._scales = scales

    def see_offsets(
        self, rows: slice, offsets: NDArray[np.float64], indices: NDArray[np.uint8]
    ) -> None:
        """Notes how fast the bits of some values change."""
        self._step[rows] = rate_slopes(offsets.astype(np.float32), self._scales.take(indices))

    def see_errors(self, step: int, errors: NDArray[np.float32]) -> None:
        """Takes the part of the error's gradient off that is the values' own rounding."""
        self._step -= np.float32(_CURVATURE) * errors
        put_step(self.pulls, step, self._step)


class SearchPlanes:
    """Input of the network, made window by window: the whole would be several times the latents."""

    def __init__(self, latents: NDArray[np.float32], plane: float, image: Image) -> None:
        self._latents = latents
        self._plane = np.float32(plane)
        self._image = image
        rows, columns, channels = latents.shape
        self.shape = (rows, columns, channels + 1 + 3 * _BLOCK**2)

    def __getitem__(self, place: tuple[slice, slice]) -> NDArray[np.float32]:
        latents = self._latents[place]
        rows, columns, channels = latents.shape
        planes = np.empty((rows, columns, self.shape[2]), np.float32)
        planes[..., :channels] = latents
        planes[..., channels] = self._plane
        planes[..., channels + 1 :] = self._blocks(*place)
        return planes

    def _blocks(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        height, width = (_BLOCK * (side.stop - side.start) for side in (rows, columns))
        pixels = np.full((height, width, 3), _PADDING, np.float32)
        inside = self._image[
            _BLOCK * rows.start : _BLOCK * rows.stop, _BLOCK * columns.start : _BLOCK * columns.stop
        ]
        pixels[: inside.shape[0], : inside.shape[1]] = inside
        blocks = pixels.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK, 3).swapaxes(1, 2)
        return blocks.reshape(height // _BLOCK, width // _BLOCK, -1)
