"""The thesis' autoencoders as codecs: quantised, entropy-coded latents.

The thesis fed float latents straight into the decoder and so had no rate. Here each latent value is
rounded to a multiple of a step size, which the quality dial sets, and coded with static tables that
were fitted to the validation images (`core.entropy.latent_tables`).
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.codecs.base import Dial, Reference
from core.codecs.bnk import LearnedCodec, TrainedModel
from core.codecs.latent_transform import LatentTransform
from core.codecs.trained_model import ModelFiles
from core.entropy.bitstream import Header
from core.entropy.fixed_point import QUALITIES
from core.entropy.latent_coding import Coded, Decoded
from core.entropy.latent_tables import LatentTables, StepTables
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.images import Image
from core.registry import discover

DIAL = Dial(name="quality", lowest=1, highest=QUALITIES, step=1, default=70)
SWEEP = (1, 12, 23, 34, 45, 56, 64, 72, 80, 88, 100)


@dataclass(frozen=True)
class Architecture:
    """One of the thesis' autoencoders: all that its codec, its network and its search need.

    Attributes:
        name: Name of its module, and of its shipped model.
        label: Display label.
        filters: Filters of the encoder's layers that the search of the thesis found best.
        activation: Activation that it found best.
        learning_rate: Learning rate that it found best.
        searched_filters: What each layer's number of filters may be in a search, outermost layer
            first.
    """

    name: str
    label: str
    filters: tuple[int, ...]
    activation: Literal["relu", "leaky_relu"]
    learning_rate: float
    searched_filters: tuple[tuple[int, ...], ...]

    def codec(self) -> LearnedCodec:
        """The codec of its trained models."""
        return LearnedCodec(
            name=self.name,
            label=self.label,
            dial=DIAL,
            qualities=SWEEP,
            load=_load,
            digest=_digest,
            reconstructions=_float_latents,
        )


def architectures() -> dict[str, Architecture]:
    """Architecture by name of every autoencoder, in alphabetical order."""
    found = discover("core.codecs", ("ARCHITECTURE",)).modules
    return {name: module.ARCHITECTURE for name, module in found.items()}


@dataclass(frozen=True)
class _Network:
    """The networks and tables of one trained autoencoder."""

    transform: LatentTransform
    tables: LatentTables
    tables_at: Callable[[int], StepTables]
    digest: bytes

    def check_size(self, *, height: int, width: int) -> None:
        self.transform.check_size(self.tables.channels, height=height, width=width)

    def encode(self, image: Image, quality: int) -> Coded:
        tables = self.tables_at(quality)
        symbols = _by_channel(self.tables.symbols(self.transform.latent(image), tables))
        writer = SymbolWriter()
        for channel, table in zip(symbols, tables.tables, strict=True):
            writer.write(channel.astype(np.int32), table)
        return Coded(writer.finish(), (symbols,))

    def decode(self, payload: bytes, header: Header) -> Decoded:
        rows, columns = self.transform.latent_size(header.height, header.width)
        tables = self.tables_at(header.quality)
        tables.payload_bits(rows * columns).check(payload)
        reader = SymbolReader(payload)
        channels = [reader.read(rows * columns, table) for table in tables.tables]
        reader.finish()
        symbols = np.stack([channel.astype(np.int16) for channel in channels])
        values = np.take_along_axis(tables.values, symbols.astype(np.int64), axis=1)
        latent = np.ascontiguousarray(values.T).reshape(rows, columns, -1)
        return Decoded((symbols,), latent)

    def synthesize(self, latent: NDArray[np.float32], header: Header) -> Image:
        return self.transform.image(latent, height=header.height, width=header.width)


@dataclass(frozen=True)
class FloatLatent:
    """An autoencoder as the thesis used it: no bytes, hence no codec.

    Attributes:
        model: The model.
    """

    model: TrainedModel

    setting = "float"
    dial = None

    @property
    def codec(self) -> str:
        """Name of the model."""
        return self.model.name

    def reconstruct(self, image: Image) -> Image:
        """Reconstruction from the latent without quantisation."""
        transform: LatentTransform = self.model.network().transform
        height, width = image.shape[:2]
        return transform.image(transform.latent(image), height=height, width=width)


def _float_latents(model: TrainedModel) -> Iterable[Reference]:
    return [FloatLatent(model)]


def _load(model: ModelFiles) -> _Network:
    tables = model.read("tables.npz", LatentTables.from_bytes)
    return _Network(
        transform=LatentTransform.of(model),
        tables=tables,
        tables_at=lru_cache(maxsize=len(SWEEP))(tables.at),
        digest=_digest(model),
    )


def _digest(model: ModelFiles) -> bytes:
    tables = model.read("tables.npz", LatentTables.from_bytes)
    # Other decoder weights would give other pixels, so they too are part of the model's name.
    return hashlib.sha256(tables.digest() + model.sha256("decoder.onnx")).digest()


def _by_channel(symbols: NDArray[np.int16]) -> NDArray[np.int16]:
    return np.ascontiguousarray(symbols.reshape(-1, symbols.shape[-1]).T)
