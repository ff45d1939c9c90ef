"""The learned codec: one network for every quality, its entropy model in exact integers.

The analysis and what it tells as side information run in float, for the encoder alone chooses
them; so does the synthesis, whose pixels decide no bit. All between them is `core.entropy`.
"""

import json
import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.codecs.base import Dial, Kind
from core.codecs.onnx_network import OnnxNetwork, Tiling
from core.entropy.bitstream import MAX_PIXELS, Header, pack, unpack
from core.entropy.errors import CorruptStream, LimitExceeded, UnknownModel
from core.entropy.integer_model import IntegerModel
from core.entropy.latent_coding import Decoded, LatentCoder, Symbols
from core.errors import CodecError
from core.images import Image, crop, pad_to_multiple
from core.progress import report
from core.store import ArtifactStore, DamagedArtifact, ManifestState

LABEL = "BNK"
KIND: Kind = "learned"
DIAL = Dial(name="quality", lowest=1, highest=100, step=1, default=60)
SWEEP = tuple(range(1, 101, 9))
SUFFIX = ".bnk"

_KEY = "models/bottleneck"

#: Pixels per latent position, and per cell of side information.
_BLOCK = 16
_CELL = 2 * _BLOCK
#: Bounds memory where an image is so narrow that it is mostly padding.
MOST_CELLS = 2 * MAX_PIXELS // _CELL**2

_WINDOW_PIXELS = 1120
#: Part of what a transform sees that a window shows it beyond its own pixels. What lies further
#: away changes hardly a pixel, and none by more than one level, but takes time.
_HALO_SHARE = 0.5
#: The side information sees one cell further than its own.
_SIDE_TILING = Tiling(window=72, halo=4, down=2)


@dataclass(frozen=True)
class _Network:
    """The parts of the trained model.

    Attributes:
        analysis: From pixels to latents and one further plane.
        hyper_analysis: From latents and a plane of the quality to side information.
        synthesis: From latents and a plane of the quality to pixels.
        model: What decides bits.
        coder_at: The model at a quality.
        analysis_receptive_field: How far the analysis sees, in pixels.
        synthesis_receptive_field: How far the synthesis sees, in latent positions.
    """

    analysis: OnnxNetwork
    hyper_analysis: OnnxNetwork
    synthesis: OnnxNetwork
    model: IntegerModel
    coder_at: Callable[[int], LatentCoder]
    analysis_receptive_field: int
    synthesis_receptive_field: int

    def latents(self, image: Image) -> NDArray[np.float32]:
        """Latents of an image, the padding to whole cells included."""
        halo = _BLOCK * math.ceil(_HALO_SHARE * self.analysis_receptive_field / _BLOCK)
        tiling = Tiling(_WINDOW_PIXELS, halo, down=_BLOCK)
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

    def decoded(self, latents: NDArray[np.float32], header: Header) -> Image:
        """Image of decoded latents, cropped to its size."""
        halo = math.ceil(_HALO_SHARE * self.synthesis_receptive_field)
        tiling = Tiling(_WINDOW_PIXELS // _BLOCK, halo, up=_BLOCK)
        rows, columns, _ = latents.shape
        pixels = np.empty((_BLOCK * rows, _BLOCK * columns, 3), np.uint8)
        for tile in tiling.tiles(self.synthesis, _with_quality(latents, header.quality)):
            pixels[tile.rows, tile.columns] = _levels(tile.output)
            report("synthesis", tile.done)
        return crop(pixels, height=header.height, width=header.width)


@dataclass(frozen=True)
class BottleneckCodec:
    """The learned codec at one quality.

    Attributes:
        quality: 1 (smallest files) to 100 (best images).
        store: Where the trained model is.
    """

    quality: int
    store: ArtifactStore

    codec = "bottleneck"

    @property
    def setting(self) -> str:
        """Position of the dial in words."""
        return f"quality={self.quality}"

    @property
    def dial(self) -> float:
        """Position of the dial."""
        return float(self.quality)

    def encode(self, image: Image) -> bytes:
        """Whole file for the image.

        Raises:
            CodecError: The image is too large.
            MissingArtifact: The model is not trained.
        """
        height, width = image.shape[:2]
        _check_size(height, width)
        network = load_network(self.store)
        payload, symbols = self._coded(network, image)
        digest = network.model.digest
        header = Header(digest[:2], self.quality, width, height)
        data = pack(header, payload, model_digest=digest, symbols=symbols)
        read = _read(network, data).decoded.symbols
        if not all(np.array_equal(*pair) for pair in zip(read, symbols, strict=True)):
            raise CodecError("Bottleneck wrote a file that it cannot read back.")
        return data

    def _coded(self, network: _Network, image: Image) -> tuple[bytes, Symbols]:
        """Payload and symbols; the latents, which are large, are gone when they are read back."""
        latents = network.latents(image)
        side = network.side(latents, self.quality)
        coded = network.coder_at(self.quality).encode(latents, side)
        return coded.payload, coded.symbols

    def decode(self, data: bytes) -> Image:
        """Image of a complete file.

        Raises:
            BitstreamError: The file is damaged, of another model, or too large.
            MissingArtifact: The model is not trained.
        """
        network = load_network(self.store)
        read = _read(network, data)
        return network.decoded(read.decoded.latents, read.header)


def sweep(store: ArtifactStore) -> list[BottleneckCodec]:
    """Curve of the codec.

    Raises:
        MissingArtifact: The model is not trained.
    """
    store.manifest(_KEY)
    return [BottleneckCodec(quality, store) for quality in SWEEP]


def at(value: float, store: ArtifactStore | None = None) -> BottleneckCodec:
    """Codec at a quality of 1 to 100.

    Raises:
        ValueError: The value is no position of the dial.
        MissingArtifact: The model is not trained.
    """
    store = store or ArtifactStore.default()
    store.manifest(_KEY)
    return BottleneckCodec(int(DIAL.check(value)), store)


def load_network(store: ArtifactStore) -> _Network:
    """Trained model, loaded once for each committed version.

    Raises:
        MissingArtifact: The model is not trained.
        DamagedArtifact: Its files do not belong together.
    """
    return _load(store.root, store.state(_KEY))


@lru_cache(maxsize=4)
def _load(root: Path, state: ManifestState) -> _Network:
    store = ArtifactStore(root)
    model = _load_integers(store)
    synthesis = OnnxNetwork(store.read(_KEY, "bottleneck/synthesis.onnx"))
    if synthesis.digest != model.synthesis_digest.tobytes():
        raise DamagedArtifact(_KEY, f"{_KEY}/synthesis.onnx", "is that of another model")
    fields = json.loads(store.read(_KEY, "bottleneck/card.json"))["receptive_field"]
    return _Network(
        analysis=OnnxNetwork(store.read(_KEY, "bottleneck/analysis.onnx")),
        hyper_analysis=OnnxNetwork(store.read(_KEY, "bottleneck/hyper_analysis.onnx")),
        synthesis=synthesis,
        model=model,
        coder_at=lru_cache(maxsize=len(SWEEP))(lambda quality: LatentCoder(model, quality)),
        analysis_receptive_field=int(fields["analysis_pixels"]),
        synthesis_receptive_field=int(fields["synthesis_positions"]),
    )


def _load_integers(store: ArtifactStore) -> IntegerModel:
    data = store.read(_KEY, "bottleneck/entropy.npz")
    try:
        return IntegerModel.from_bytes(data)
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DamagedArtifact(_KEY, f"{_KEY}/entropy.npz", "holds other tables") from error


@dataclass(frozen=True)
class _Read:
    header: Header
    decoded: Decoded


def _read(network: _Network, data: bytes) -> _Read:
    """What a file holds, verified; no pixel is computed before."""
    stream = unpack(data)
    header, digest = stream.header, network.model.digest
    if header.model_id != digest[:2]:
        raise UnknownModel(
            f"The file was made by model {header.model_id.hex()}; this one is {digest[:2].hex()}."
        )
    if not DIAL.lowest <= header.quality <= DIAL.highest:
        raise CorruptStream(f"Quality must lie in 1..100; received {header.quality}.")
    _check_size(header.height, header.width)
    decoded = network.coder_at(header.quality).decode(
        stream.payload,
        rows=2 * -(-header.height // _CELL),
        columns=2 * -(-header.width // _CELL),
    )
    stream.verify(model_digest=digest, symbols=decoded.symbols)
    return _Read(header, decoded)


def _check_size(height: int, width: int) -> None:
    cells = -(-height // _CELL) * -(-width // _CELL)
    if height * width > MAX_PIXELS or cells > MOST_CELLS:
        raise LimitExceeded(
            f"Bottleneck takes at most {MAX_PIXELS / 1e6:g} megapixels, in at most {MOST_CELLS:,} "
            f"squares of {_CELL}x{_CELL}; received {width}x{height}."
        )


def _with_quality(latents: NDArray[np.float32], quality: int) -> NDArray[np.float32]:
    """Latents with a plane that tells a network the quality, in 0..1."""
    plane = np.full((*latents.shape[:2], 1), (quality - 1) / 99, np.float32)
    return np.concatenate([latents, plane], axis=-1)


def _levels(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Pixels in 0..1 as bytes; overwrites them."""
    if not np.isfinite(pixels).all():
        raise CorruptStream("The file holds values that have no image.")
    pixels *= 255
    np.clip(np.rint(pixels, out=pixels), 0, 255, out=pixels)
    return pixels.astype(np.uint8)
