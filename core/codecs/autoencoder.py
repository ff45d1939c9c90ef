"""The thesis' autoencoders made into codecs: latents quantised, entropy-coded and written down.

The thesis fed float latents straight into the decoder and so had no rate. Here each latent value is
rounded to a multiple of a step size, which the quality dial sets, and coded with static tables that
were fitted to the validation images (`core.entropy.latent_tables`).
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.codecs.base import Dial
from core.codecs.onnx_network import OnnxNetwork, Tiling
from core.entropy.bitstream import Header, pack, unpack
from core.entropy.errors import CorruptStream, LimitExceeded, UnknownModel
from core.entropy.latent_tables import LatentTables, StepTables
from core.entropy.range_coding import MOST_BITS_PER_SYMBOL, SymbolReader, SymbolWriter
from core.errors import CodecError
from core.images import Image, crop, pad_to_multiple
from core.store import ArtifactStore, ManifestState

DIAL = Dial(name="quality", lowest=1, highest=100, step=1, default=70)
SWEEP = (1, 12, 23, 34, 45, 56, 64, 72, 80, 88, 100)
SUFFIX = ".bnk"

#: Bounds the memory of one image: 4 megapixels for `ae80`, whose latent is the largest.
MOST_SYMBOLS = 2**26
_WINDOW_PIXELS = 576
#: Further than any of the three networks sees, in pixels of the image.
_HALO_PIXELS = 32
_PAYLOAD_SLACK_BYTES = 16


@dataclass(frozen=True)
class _Network:
    """The parts of one trained autoencoder."""

    encoder: OnnxNetwork
    decoder: OnnxNetwork
    tables: LatentTables
    tables_at: Callable[[int], StepTables]
    digest: bytes
    stride: int

    def latent(self, image: Image) -> NDArray[np.float32]:
        """Float latent of an image, shape (height, width, channels)."""
        tiling = Tiling(_WINDOW_PIXELS, _HALO_PIXELS, down=self.stride)
        return tiling.run(self.encoder, pad_to_multiple(image, self.stride))

    def decoded(self, latent: NDArray[np.float32], *, height: int, width: int) -> Image:
        """Image of a latent, cropped to its size."""
        stride = self.stride
        tiling = Tiling(_WINDOW_PIXELS // stride, _HALO_PIXELS // stride, up=stride)
        levels = np.rint(tiling.run(self.decoder, latent) * 255)
        return crop(np.clip(levels, 0, 255).astype(np.uint8), height=height, width=width)

    def latent_size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the latent of an image of that size."""
        return -(-height // self.stride), -(-width // self.stride)


@dataclass(frozen=True)
class AutoencoderCodec:
    """One autoencoder at one step size.

    Attributes:
        codec: Name of the model.
        quality: 1 (coarsest step) to 100 (finest).
        store: Where the trained model is.
    """

    codec: str
    quality: int
    store: ArtifactStore

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
            CodecError: The image is too large for this autoencoder.
            MissingArtifact: The model is not trained.
        """
        height, width = image.shape[:2]
        network = load_network(self.codec, self.store)
        _check_size(network, height, width)
        step_tables = network.tables_at(self.quality)
        symbols = _by_channel(network.tables.symbols(network.latent(image), step_tables))
        writer = SymbolWriter()
        for channel, table in zip(symbols, step_tables.tables, strict=True):
            writer.write(channel.astype(np.int32), table)
        header = Header(network.digest[:2], self.quality, width, height)
        data = pack(header, writer.finish(), model_digest=network.digest, symbols=symbols)
        if not np.array_equal(_read_symbols(network, data).symbols, symbols):
            raise CodecError(f"{self.codec} wrote a file that it cannot read back.")
        return data

    def decode(self, data: bytes) -> Image:
        """Image of a complete file.

        Raises:
            BitstreamError: The file is damaged, of another model, or too large.
            MissingArtifact: The model is not trained.
        """
        network = load_network(self.codec, self.store)
        read = _read_symbols(network, data)
        rows, columns = network.latent_size(read.header.height, read.header.width)
        values = np.take_along_axis(read.tables.values, read.symbols.astype(np.int64), axis=1)
        latent = np.ascontiguousarray(values.T).reshape(rows, columns, -1)
        return network.decoded(latent, height=read.header.height, width=read.header.width)


@dataclass(frozen=True)
class FloatLatent:
    """An autoencoder as the thesis used it: no bytes, hence no codec.

    Attributes:
        codec: Name of the model.
        store: Where the trained model is.
    """

    codec: str
    store: ArtifactStore

    setting = "float"
    dial = None

    def reconstruct(self, image: Image) -> Image:
        """Image that went through the bottleneck without being quantised."""
        network = load_network(self.codec, self.store)
        height, width = image.shape[:2]
        return network.decoded(network.latent(image), height=height, width=width)


@dataclass(frozen=True)
class _Read:
    header: Header
    tables: StepTables
    symbols: NDArray[np.int16]


def load_network(codec: str, store: ArtifactStore) -> _Network:
    """Trained autoencoder, loaded once for each committed version.

    Raises:
        MissingArtifact: The model is not trained.
    """
    return _load(codec, store.root, store.state(f"models/{codec}"))


@lru_cache(maxsize=8)
def _load(codec: str, root: Path, state: ManifestState) -> _Network:
    store = ArtifactStore(root)
    key = f"models/{codec}"
    decoder = store.read(key, f"{codec}/decoder.onnx")
    tables = LatentTables.from_bytes(store.read(key, f"{codec}/tables.npz"))
    card = json.loads(store.read(key, f"{codec}/card.json"))
    # Other decoder weights would give other pixels, so they too are part of the model's name.
    digest = hashlib.sha256(tables.digest() + hashlib.sha256(decoder).digest()).digest()
    return _Network(
        encoder=OnnxNetwork(store.read(key, f"{codec}/encoder.onnx")),
        decoder=OnnxNetwork(decoder),
        tables=tables,
        tables_at=lru_cache(maxsize=len(SWEEP))(tables.at),
        digest=digest,
        stride=int(card["stride"]),
    )


def _read_symbols(network: _Network, data: bytes) -> _Read:
    """Symbols of a file, verified, shape (channels, positions)."""
    stream = unpack(data)
    header = stream.header
    if header.model_id != network.digest[:2]:
        raise UnknownModel(
            f"The file was made by model {header.model_id.hex()}; "
            f"this one is {network.digest[:2].hex()}."
        )
    if not DIAL.lowest <= header.quality <= DIAL.highest:
        raise CorruptStream(f"Quality must lie in 1..100; received {header.quality}.")
    _check_size(network, header.height, header.width)
    rows, columns = network.latent_size(header.height, header.width)
    symbol_count = rows * columns * network.tables.channels
    if len(stream.payload) > symbol_count * MOST_BITS_PER_SYMBOL // 8 + _PAYLOAD_SLACK_BYTES:
        raise CorruptStream("The file is longer than an image of its size can be.")
    tables = network.tables_at(header.quality)
    reader = SymbolReader(stream.payload)
    channels = [reader.read(rows * columns, table).astype(np.int16) for table in tables.tables]
    symbols = np.stack(channels)
    stream.verify(model_digest=network.digest, symbols=symbols)
    return _Read(header, tables, symbols)


def _check_size(network: _Network, height: int, width: int) -> None:
    rows, columns = network.latent_size(height, width)
    most_pixels = MOST_SYMBOLS // network.tables.channels * network.stride**2
    if rows * columns * network.tables.channels > MOST_SYMBOLS:
        raise LimitExceeded(
            f"This autoencoder takes at most {most_pixels / 1e6:.1f} megapixels; "
            f"received {width}x{height}."
        )


def _by_channel(symbols: NDArray[np.int16]) -> NDArray[np.int16]:
    return np.ascontiguousarray(symbols.reshape(-1, symbols.shape[-1]).T)


def sweep_of(codec: str, store: ArtifactStore) -> list[AutoencoderCodec]:
    """Curve of one autoencoder.

    Raises:
        MissingArtifact: The model is not trained.
    """
    store.manifest(f"models/{codec}")
    return [AutoencoderCodec(codec, quality, store) for quality in SWEEP]


def point_at(codec: str, value: float, store: ArtifactStore | None) -> AutoencoderCodec:
    """One autoencoder at one quality.

    Raises:
        ValueError: The value is no position of the dial.
        MissingArtifact: The model is not trained.
    """
    store = store or ArtifactStore.default()
    store.manifest(f"models/{codec}")
    return AutoencoderCodec(codec, int(DIAL.check(value)), store)


def float_latents_of(codec: str, store: ArtifactStore) -> Iterable[FloatLatent]:
    """What the thesis measured, which is evaluated beside the codec but has no bytes."""
    store.manifest(f"models/{codec}")
    return [FloatLatent(codec, store)]
