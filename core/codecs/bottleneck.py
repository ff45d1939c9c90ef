"""The learned codec: one network for every quality, its entropy model in exact integers.

Analysis and hyper-analysis run in float, because only the encoder needs their results; so does the
synthesis, because no bit depends on pixels. Everything between them is `core.entropy`.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.codecs.base import Dial, choices
from core.codecs.bnk import BnkPoint, LearnedCodec
from core.codecs.latent_search import Gradient, LatentSearch, plane_value
from core.codecs.onnx_network import OnnxNetwork, Tiling
from core.codecs.trained_model import ModelFiles
from core.entropy.bitstream import MAX_PIXELS, Header
from core.entropy.errors import CorruptStream, LimitExceeded
from core.entropy.fixed_point import QUALITIES
from core.entropy.integer_model import CELL, IntegerModel
from core.entropy.latent_coding import Coded, Decoded, LatentCoder
from core.errors import CodecError
from core.images import Image, crop, pad_to_multiple
from core.progress import report

DIAL = Dial(name="quality", lowest=1, highest=QUALITIES, step=1, default=60)
SWEEP = tuple(range(1, 101, 9))

#: Rounds of the search for better latents at each effort of the encoder.
ROUNDS = (0, 5, 15, 50)
#: Most megapixels that a search looks at, all rounds together: a minute or two.
_SEARCHED_MEGAPIXELS = 64
#: The file that the search needs; a model without it is coded at effort 0 only.
REFINEMENT = "refinement.onnx"
EFFORTS = choices(range(len(ROUNDS)))

#: Pixels per latent position, and per cell of side information.
_BLOCK = 16
_CELL = CELL * _BLOCK
#: Bounds memory where an image is so narrow that it is mostly padding.
MAX_CELLS = 2 * MAX_PIXELS // _CELL**2

_WINDOW_PIXELS = 1120
#: Margin of a window as a share of the transform's receptive field. What lies further away
#: changes hardly a pixel, and none by more than one level, but takes time.
_MARGIN_SHARE = 0.5
#: Positions of a window of the search, which needs several times the memory of the synthesis.
_SEARCH_WINDOW = 40
#: The receptive field of the side information reaches one cell beyond its own.
_SIDE_TILING = Tiling(window=72, margin=4, down=2)


@dataclass(frozen=True)
class _Refinement:
    """What a search for better latents needs of a model.

    Attributes:
        network: Gradient of the squared error with respect to the latents.
        lowest_weight: Bits per pixel that a mean squared error of one is worth at quality 1.
        highest_weight: The same at quality 100.
    """

    network: OnnxNetwork
    lowest_weight: float
    highest_weight: float

    def weight(self, quality: int) -> float:
        """Bits that a squared error of one, summed over the samples, is worth at a quality."""
        ratio = self.highest_weight / self.lowest_weight
        return self.lowest_weight * math.pow(ratio, plane_value(quality)) / 3


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
        refinement: Loads what the encoder can search for better latents with, once it is needed;
            None without.
    """

    analysis: OnnxNetwork
    hyper_analysis: OnnxNetwork
    synthesis: OnnxNetwork
    model: IntegerModel
    coder_at: Callable[[int], LatentCoder]
    analysis_receptive_field: int
    synthesis_receptive_field: int
    refinement: Callable[[], _Refinement] | None = None

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

    def refine(self, image: Image, quality: int, effort: int) -> Coded:
        """Payload of the image with the latents that cost least of those that a search finds.

        The cost is bits, and the squared error of the decoded image times the weight that it has
        in training at the quality.
        """
        if self.refinement is None:
            raise CodecError(
                f"This model has no {REFINEMENT}, so its files are written at effort 0; "
                f"received {effort}. Unless its layers are those of the thesis or it was trained "
                "for the eye, `python -m pipelines.train bottleneck --name NAME --complete` adds "
                "it."
            )
        refinement, latents = self.refinement(), self.latents(image)
        weight = refinement.weight(quality)
        # The gradient looks through the synthesis twice, there and back.
        margin = math.ceil(2 * _MARGIN_SHARE * self.synthesis_receptive_field)
        gradient = Gradient(refinement.network, Tiling(_SEARCH_WINDOW, margin))
        coder = self.coder_at(quality)
        search = LatentSearch(self.model, coder, gradient, image, quality, weight)
        rounds = _rounds(effort, pixels=image.shape[0] * image.shape[1])
        found = search.run(latents, self.side(latents, quality), rounds=rounds)
        return min(found, key=lambda coded: self._cost(coded, image, quality, weight))

    def _cost(self, coded: Coded, image: Image, quality: int, weight: float) -> float:
        height, width = image.shape[:2]
        header = Header(self.digest[:2], quality, width, height)
        decoded = self.synthesize(self.decode(coded.payload, header).latents, header)
        return 8 * len(coded.payload) + weight * _squared_error(image, decoded)

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
        # A decoder does not need it, and it takes as much memory as the synthesis.
        refinement=cache(partial(_load_refinement, model)) if model.has(REFINEMENT) else None,
    )


def _load_refinement(model: ModelFiles) -> _Refinement:
    weights = model.read("config.json", json.loads)
    lowest, highest = (float(weights[f"{end}_weight"]) for end in ("lowest", "highest"))
    return _Refinement(model.read(REFINEMENT, OnnxNetwork), lowest, highest)


def _digest(model: ModelFiles) -> bytes:
    return model.sha256("entropy.npz")


@dataclass(frozen=True)
class BottleneckPoint(BnkPoint):
    """A trained model at one quality, and how long its encoder searches.

    Attributes:
        effort: 0 (one pass of the analysis) to 3 (small files); decoding is the same.
    """

    effort: int = field(default=0, metadata=EFFORTS)

    def __post_init__(self) -> None:
        if self.effort not in range(len(ROUNDS)):
            raise ValueError(f"effort must lie in 0..{len(ROUNDS) - 1}; received {self.effort}.")

    @property
    def setting(self) -> str:
        """Position of the dial, and the effort where it is not the codec's."""
        own = type(self).__dataclass_fields__["effort"].default
        return super().setting + ("" if self.effort == own else f", effort={self.effort}")

    @property
    def draft(self) -> "BottleneckPoint | None":
        """The same without a search, with files of about the same size."""
        return replace(self, effort=0) if self.effort else None

    def _coded(self, network: Any, image: Image) -> Any:
        if not self.effort:
            return super()._coded(network, image)
        return network.refine(image, self.quality, self.effort)


CODEC = LearnedCodec(
    name="bottleneck",
    label="BNK",
    dial=DIAL,
    qualities=SWEEP,
    load=_load,
    digest=_digest,
    point=BottleneckPoint,
)
#: Of the shipped model.
sweep, at = CODEC.sweep, CODEC.at


def _with_quality(latents: NDArray[np.float32], quality: int) -> NDArray[np.float32]:
    """Latents with a further plane that holds the quality, in 0..1."""
    plane = np.full((*latents.shape[:2], 1), plane_value(quality), np.float32)
    return np.concatenate([latents, plane], axis=-1)


def _rounds(effort: int, *, pixels: int) -> int:
    """Rounds of a search; fewer for an image of many megapixels."""
    return min(ROUNDS[effort], max(1, int(_SEARCHED_MEGAPIXELS * 1e6 / pixels)))


def _squared_error(image: Image, decoded: Image) -> float:
    """Sum over all samples; row by row, for an image may be large."""
    rows = (row.astype(np.int32) - other for row, other in zip(image, decoded, strict=True))
    return float(sum(int(np.square(row).sum()) for row in rows))


def _levels(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Pixels in 0..1 as bytes; overwrites them."""
    if not np.isfinite(pixels).all():
        raise CorruptStream("The file holds values that have no image.")
    pixels *= 255
    np.clip(np.rint(pixels, out=pixels), 0, 255, out=pixels)
    return pixels.astype(np.uint8)
