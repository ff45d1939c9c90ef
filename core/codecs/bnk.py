"""Shared by the learned codecs: lookup of models, and writing, reading and checking `.bnk` files.

An architecture is a `LearnedCodec`. Each of its trained models is a codec of its own: the shipped
one has the name of the architecture's module, the user's own have names of their choice.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.codecs.base import Codec, Dial, Kind, Reference
from core.codecs.trained_model import ModelFiles, ModelState, model_key
from core.entropy.bitstream import Header, pack, unpack
from core.entropy.errors import CorruptStream, UnknownModel
from core.entropy.latent_coding import Coded, Decoded
from core.errors import CodecError
from core.images import Image
from core.store import ArtifactError, ArtifactStore

_KIND: Kind = "learned"
SUFFIX = ".bnk"

#: Maximum number of loaded networks: every shipped model and a few of the user's own.
_LOADED_MODELS = 16


class Network(Protocol):
    """A trained model, loaded."""

    @property
    def digest(self) -> bytes:
        """sha256 of all that decides a bit or a pixel; its first two bytes are the model's id."""

    def check_size(self, *, height: int, width: int) -> None:
        """Refuses images that would take too much memory.

        Raises:
            LimitExceeded: The image is too large.
        """

    def encode(self, image: Image, quality: int) -> Coded:
        """Payload of an image."""

    def decode(self, payload: bytes, header: Header) -> Decoded:
        """Symbols and latents of a payload, whose check is not yet known to hold.

        Raises:
            BitstreamError: No encoder writes this payload.
        """

    def synthesize(self, latents: NDArray[np.float32], header: Header) -> Image:
        """Image of latents.

        Raises:
            CorruptStream: The latents have no image.
        """


@dataclass(frozen=True)
class LearnedCodec:
    """An architecture, whose trained models are codecs.

    Attributes:
        name: Name of its module, and of its shipped model.
        label: Display label.
        dial: Its quality dial; positions are whole numbers.
        qualities: Positions of the curve.
        load: Loads a model.
        digest: `Network.digest` of a model, without loading its networks.
        reconstructions: What is measured beside a model without being a codec.
        point: Makes an operating point: what its encoder can be set to.
    """

    name: str
    label: str
    dial: Dial
    qualities: tuple[int, ...]
    load: Callable[[ModelFiles], Network]
    digest: Callable[[ModelFiles], bytes]
    reconstructions: Callable[["TrainedModel"], Iterable[Reference]] | None = None
    point: "type[BnkPoint] | None" = None

    def codec(self, model: str | None = None) -> Codec:
        """One of its models as a codec.

        Args:
            model: Name of the model; the shipped one when None.
        """
        name = model or self.name
        return Codec(
            name=name,
            label=self.label if name == self.name else f"{name} ({self.label})",
            kind=_KIND,
            dial=self.dial,
            sweep=partial(self.sweep, model=name),
            at=partial(self.at, model=name),
            suffix=SUFFIX,
            references=partial(self.references, model=name) if self.reconstructions else None,
            learned=self,
        )

    def sweep(self, store: ArtifactStore, *, model: str | None = None) -> list["BnkPoint"]:
        """Curve of a model.

        Raises:
            MissingArtifact: The model is not trained.
        """
        return [self.at(quality, store, model=model) for quality in self.qualities]

    def at(
        self, value: float, store: ArtifactStore | None = None, *, model: str | None = None
    ) -> "BnkPoint":
        """A model at one quality.

        Raises:
            ValueError: The value is no position of the dial.
            MissingArtifact: The model is not trained.
        """
        name, store = model or self.name, store or ArtifactStore.default()
        store.manifest(model_key(name))
        return (self.point or BnkPoint)(name, int(self.dial.check(value)), store, self)

    def references(self, store: ArtifactStore, *, model: str | None = None) -> Iterable[Reference]:
        """What is measured beside a model without being a codec.

        Raises:
            MissingArtifact: The model is not trained.
        """
        name = model or self.name
        store.manifest(model_key(name))
        return self.reconstructions(TrainedModel(self, name, store)) if self.reconstructions else ()


@dataclass(frozen=True)
class TrainedModel:
    """A model of an architecture.

    Attributes:
        architecture: What it is one of.
        name: Its name.
        store: Where it is.
    """

    architecture: LearnedCodec
    name: str
    store: ArtifactStore

    def network(self) -> Any:
        """The model, loaded once for each committed version and each change of its files.

        Raises:
            ArtifactError: The model is missing or damaged.
        """
        return _network(self.architecture, self.name, self.store.root, self._state())

    def digest(self) -> bytes:
        """`Network.digest`, without loading the networks.

        Raises:
            ArtifactError: The model is missing or damaged.
        """
        return _digest(self.architecture, self.name, self.store.root, self._state())

    def _state(self) -> ModelState:
        return ModelState.of(self.name, self.store)


@lru_cache(maxsize=_LOADED_MODELS)
def _network(architecture: LearnedCodec, name: str, root: Path, _: ModelState) -> Network:
    return ArtifactStore(root).load(
        model_key(name), lambda artifact: architecture.load(ModelFiles(name, artifact))
    )


@lru_cache(maxsize=64)
def _digest(architecture: LearnedCodec, name: str, root: Path, _: ModelState) -> bytes:
    return ArtifactStore(root).load(
        model_key(name), lambda artifact: architecture.digest(ModelFiles(name, artifact))
    )


@dataclass(frozen=True)
class BnkPoint:
    """A trained model at one quality.

    Attributes:
        codec: Name of the model.
        quality: 1 (smallest files) to 100 (best images).
        store: Where the model is.
        architecture: What the model is one of.
    """

    codec: str
    quality: int
    store: ArtifactStore
    architecture: LearnedCodec

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
            ArtifactError: The model cannot be read.
        """
        height, width = image.shape[:2]
        network: Network = self._network()
        network.check_size(height=height, width=width)
        coded = self._coded(network, image)
        header = Header(network.digest[:2], self.quality, width, height)
        data = pack(header, coded.payload, model_digest=network.digest, symbols=coded.symbols)
        pairs = zip(self._read(network, data).symbols, coded.symbols, strict=True)
        if not all(np.array_equal(*pair) for pair in pairs):
            raise CodecError(f"{self.codec} wrote a file that it cannot read back.")
        return data

    def decode(self, data: bytes) -> Image:
        """Image of a complete file; no pixel is computed before the file's check holds.

        Raises:
            BitstreamError: The file is damaged, of another model, or too large.
            ArtifactError: The model cannot be read.
        """
        network: Network = self._network()
        return network.synthesize(self._read(network, data).latents, unpack(data).header)

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.codec

    def _coded(self, network: Any, image: Image) -> Any:
        return network.encode(image, self.quality)

    def _network(self) -> Any:
        return TrainedModel(self.architecture, self.model, self.store).network()

    def _read(self, network: Network, data: bytes) -> Decoded:
        stream = unpack(data)
        header, dial = stream.header, self.architecture.dial
        if header.model_id != network.digest[:2]:
            raise UnknownModel(
                f"The file was made by model {header.model_id.hex()}; "
                f"this one is {network.digest[:2].hex()}."
            )
        if not dial.lowest <= header.quality <= dial.highest:
            raise CorruptStream(
                f"Quality must lie in {dial.lowest:g}..{dial.highest:g}; received {header.quality}."
            )
        network.check_size(height=header.height, width=header.width)
        decoded = network.decode(stream.payload, header)
        stream.verify(model_digest=network.digest, symbols=decoded.symbols)
        return decoded


class Candidates(NamedTuple):
    """Models that may have written a file.

    Attributes:
        codecs: Those whose id the file names.
        unreadable: Error by name of each model that cannot be read.
    """

    codecs: tuple[Codec, ...]
    unreadable: dict[str, ArtifactError]


def models_of(model_id: bytes, codecs: Iterable[Codec], store: ArtifactStore) -> Candidates:
    """Models with an id; a damaged or missing one does not hide the others.

    Args:
        model_id: The two bytes in a file's header.
        codecs: Codecs to choose from; those that are not learned are passed over.
        store: Where the models are.
    """
    found: list[Codec] = []
    unreadable: dict[str, ArtifactError] = {}
    for codec in codecs:
        if codec.learned is None:
            continue
        try:
            if TrainedModel(codec.learned, codec.name, store).digest()[:2] == model_id:
                found.append(codec)
        except ArtifactError as error:
            unreadable[codec.name] = error
    return Candidates(tuple(found), unreadable)
