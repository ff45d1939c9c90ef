"""The thesis' topologies trained for rate and distortion: fewer bits were part of the objective.

Each channel of the latent has a quantiser step and a probability table per quality, both learned
(`core.entropy.channel_tables`). There is no other entropy model: no side information, no context.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.codecs.autoencoder import Architecture
from core.codecs.base import Dial
from core.codecs.bnk import LearnedCodec
from core.codecs.latent_transform import LatentTransform
from core.codecs.trained_model import ModelFiles
from core.entropy.bitstream import Header
from core.entropy.channel_tables import ChannelTables, TablesAtQuality
from core.entropy.fixed_point import QUALITIES
from core.entropy.latent_coding import Coded, Decoded
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.images import Image
from core.registry import discover

#: File of the gains and the entropy tables in the artifact of a model.
TABLES = "channel_tables.npz"

DIAL = Dial(name="quality", lowest=1, highest=QUALITIES, step=1, default=60)
SWEEP = (1, 15, 29, 43, 57, 71, 85, 100)
#: Images per step that the published models are trained with.
BATCH = 16
#: Rows and columns that the kernels of a network may have.
KERNELS = (3, 5)


@dataclass(frozen=True)
class RateArchitecture:
    """One of the thesis' topologies with a latent that is made to be coded.

    Attributes:
        thesis: The autoencoder whose number of layers and latent grid it has.
        channels: Channels of the latent.
        filters: Filters of its layers where a search found others than the thesis'.
        kernel: Rows and columns of the kernels.
        learning_rate: Step size that it is trained with.
    """

    thesis: Architecture
    channels: int
    filters: tuple[int, ...] = ()
    kernel: int = KERNELS[0]
    learning_rate: float = 1e-3

    @property
    def layers(self) -> tuple[int, ...]:
        """Filters of each layer, outermost first."""
        return self.filters or self.thesis.filters

    @property
    def name(self) -> str:
        """Name of its module, and of its shipped model."""
        return f"{self.thesis.name}_rd"

    @property
    def label(self) -> str:
        """What a person reads."""
        return f"{self.thesis.label}, trained for rate"

    def codec(self) -> LearnedCodec:
        """The codec of its trained models."""
        return LearnedCodec(
            name=self.name,
            label=self.label,
            dial=DIAL,
            qualities=SWEEP,
            load=_load,
            digest=_digest,
        )


def most_channels(layers: int) -> int:
    """Largest number of channels of the latent: the values of a block of pixels."""
    block = 1 << layers
    return 3 * block * block


def least_filters(layer: int, layers: int) -> int:
    """Smallest number of filters with which a network holds the block transform it starts as.

    Args:
        layer: Number of the layer, from 1, outermost first. The last one of the encoder gives the
            latent; of the decoder, it need hold no more than the one before.
        layers: How many there are.
    """
    return most_channels(max(1, min(layer, layers - 1)))


def rate_architectures() -> dict[str, RateArchitecture]:
    """Architecture by name of every autoencoder trained for rate, in alphabetical order."""
    found = discover("core.codecs", ("RATE_ARCHITECTURE",)).modules
    return {name: module.RATE_ARCHITECTURE for name, module in found.items()}


@dataclass(frozen=True)
class _Network:
    """The parts of one trained autoencoder."""

    transform: LatentTransform
    tables: ChannelTables
    tables_at: Callable[[int], TablesAtQuality]
    digest: bytes

    def check_size(self, *, height: int, width: int) -> None:
        self.transform.check_size(self.tables.channels, height=height, width=width)

    def encode(self, image: Image, quality: int) -> Coded:
        tables = self.tables_at(quality)
        symbols = tables.symbols(self.transform.latent(image))
        writer = SymbolWriter()
        tables.write(writer, symbols)
        return Coded(writer.finish(), (symbols,))

    def decode(self, payload: bytes, header: Header) -> Decoded:
        rows, columns = self.transform.latent_size(header.height, header.width)
        tables = self.tables_at(header.quality)
        tables.payload_bits(rows * columns).check(payload)
        reader = SymbolReader(payload)
        symbols = tables.read(reader, rows * columns)
        reader.finish()
        return Decoded((symbols,), tables.latent(symbols, rows=rows, columns=columns))

    def synthesize(self, latents: NDArray[np.float32], header: Header) -> Image:
        return self.transform.image(latents, height=header.height, width=header.width)


def _load(model: ModelFiles) -> _Network:
    tables = model.read(TABLES, ChannelTables.from_bytes)
    return _Network(
        transform=LatentTransform.of(model),
        tables=tables,
        tables_at=lru_cache(maxsize=len(SWEEP))(tables.at),
        digest=_digest(model),
    )


def _digest(model: ModelFiles) -> bytes:
    # Other decoder weights would give other pixels, so they too are part of the model's name.
    return hashlib.sha256(model.sha256(TABLES) + model.sha256("decoder.onnx")).digest()
