"""The learned codec: one network for every quality, its entropy model in exact integers.

Analysis and hyper-analysis run in float, because only the encoder needs their results; so does the
synthesis, because no bit depends on pixels. Everything between them is `core.entropy`.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.codecs.base import Dial
from core.codecs.bnk import LearnedCodec
from core.codecs.onnx_network import OnnxNetwork, Tiling
from core.codecs.trained_model import ModelFiles
from core.entropy.bitstream import MAX_PIXELS, Header
from core.entropy.errors import CorruptStream, LimitExceeded
from core.entropy.fixed_point import QUALITIES
from core.entropy.integer_model import CELL, IntegerModel
from core.entropy.latent_coding import Coded, Decoded, LatentCoder
from core.images import Image, crop, pad_to_multiple
from core.progress import report

DIAL = Dial(name="quality", lowest=1, highest=QUALITIES, step=1, default=60)
SWEEP = tuple(range(1, 101, 9))

#: Pixels per latent position, and per cell of side information.
_BLOCK = 16
_CELL = CELL * _BLOCK
#: Bounds memory where an image is so narrow that it is mostly padding.
MAX_CELLS = 2 * MAX_PIXELS // _CELL**2

_WINDOW_PIXELS = 1120
#: Margin of a window as a share of the transform's receptive field. What lies further away
#: changes hardly a pixel, and none by more than one level, but takes time.
_MARGIN_SHARE = 0.5
#: The receptive field of the side information reaches one cell beyond its own.
_SIDE_TILING = Tiling(window=72, margin=4, down=2)


@dataclass(frozen=True)
class _Network:
    """The networks and tables of the trained model.

    Attributes:
        analysis: From pixels to latents and one further plane.
        hyper_analysis: From latents and a plane of the quality to side information.
        synthesis: From latents and a plane of the quality to pixels.
        model: What decides bits.
        coder_at: The model at a quality.
        analysis_receptive_field: Radius of the analysis' receptive field, in pixels.
        synthesis_receptive_field: Radius of the synthesis' receptive field, in latent positions.
    """

    analysis: OnnxNetwork
    hyper_analysis: OnnxNetwork
    synthesis: OnnxNetwork
    model: IntegerModel
    coder_at: Callable[[int], LatentCoder]
    analysis_receptive_field: int
    synthesis_receptive_field: int

    @property
    def digest(self) -> bytes:
        return self.model.digest

    def check_size(self, *, height: int, width: int) -> None:
        cells = -(-height // _CELL) * -(-width // _CELL)
        if height * width > MAX_PIXELS or cells > MAX_CELLS:
            raise LimitExceeded(
                f"Bottleneck takes at most {MAX_PIXELS / 1e6:g} megapixels, in at most "
                f"{MAX_CELLS:,} squares of {_CELL}x{_CELL}; received {width}x{height}."
            )

    def encode(self, image: Image, quality: int) -> Coded:
        # The latents, which are large, are gone when the file is read back.
        latents = self.latents(image)
        return self.coder_at(quality).encode(latents, self.side(latents, quality))

    def decode(self, payload: bytes, header: Header) -> Decoded:
        rows, columns = (CELL * -(-side // _CELL) for side in (header.height, header.width))
        return self.coder_at(header.quality).decode(payload, rows=rows, columns=columns)

    def latents(self, image: Image) -> NDArray[np.float32]:
        """Latents of an image, the padding to whole cells included."""
        margin = _BLOCK * math.ceil(_MARGIN_SHARE * self.analysis_receptive_field / _BLOCK)
        tiling = Tiling(_WINDOW_PIXELS, margin, down=_BLOCK)
        padded = pad_to_multiple(image, _CELL)
        rows, columns = (side // _BLOCK for side in padded.shape[:2])
        latents = np.empty((rows, columns, self.model.channels), np.float32)
        for tile in tiling.tiles(self.analysis, padded):
            latents[tile.rows, tile.columns] = tile.output[..., : self.model.channels]
            report("analysis", tile.done)
        return latents

    def side(self, latents: NDArray[np.float32], quality: int) -> NDArray[np.float32]:
        """Side information, not yet rounded."""
        return _SIDE_TILING.run(self.hyper_analysis, _with_quality(latents, quality))

    def synthesize(self, latents: NDArray[np.float32], header: Header) -> Image:
        """Image of decoded latents, cropped to its size."""
        margin = math.ceil(_MARGIN_SHARE * self.synthesis_receptive_field)
        tiling = Tiling(_WINDOW_PIXELS // _BLOCK, margin, up=_BLOCK)
        rows, columns, _ = latents.shape
        pixels = np.empty((_BLOCK * rows, _BLOCK * columns, 3), np.uint8)
        for tile in tiling.tiles(self.synthesis, _with_quality(latents, header.quality)):
            pixels[tile.rows, tile.columns] = _levels(tile.output)
            report("synthesis", tile.done)
        return crop(pixels, height=header.height, width=header.width)


def _load(model: ModelFiles) -> _Network:
    integers = model.read("entropy.npz", IntegerModel.from_bytes)
    synthesis = model.read("synthesis.onnx", OnnxNetwork)
    if synthesis.digest != integers.synthesis_digest.tobytes():
        raise model.damaged("synthesis.onnx", "is that of another model")
    fields = model.read("card.json", lambda data: json.loads(data)["receptive_field"])
    return _Network(
        analysis=model.read("analysis.onnx", OnnxNetwork),
        hyper_analysis=model.read("hyper_analysis.onnx", OnnxNetwork),
        synthesis=synthesis,
        model=integers,
        coder_at=lru_cache(maxsize=len(SWEEP))(lambda quality: LatentCoder(integers, quality)),
        analysis_receptive_field=int(fields["analysis_pixels"]),
        synthesis_receptive_field=int(fields["synthesis_positions"]),
    )


def _digest(model: ModelFiles) -> bytes:
    return model.sha256("entropy.npz")


CODEC = LearnedCodec(
    name="bottleneck", label="BNK", dial=DIAL, qualities=SWEEP, load=_load, digest=_digest
)
#: Of the shipped model.
sweep, at = CODEC.sweep, CODEC.at


def _with_quality(latents: NDArray[np.float32], quality: int) -> NDArray[np.float32]:
    """Latents with a further plane that holds the quality, in 0..1."""
    plane = np.full((*latents.shape[:2], 1), (quality - 1) / (QUALITIES - 1), np.float32)
    return np.concatenate([latents, plane], axis=-1)


def _levels(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Pixels in 0..1 as bytes; overwrites them."""
    if not np.isfinite(pixels).all():
        raise CorruptStream("The file holds values that have no image.")
    pixels *= 255
    np.clip(np.rint(pixels, out=pixels), 0, 255, out=pixels)
    return pixels.astype(np.uint8)
