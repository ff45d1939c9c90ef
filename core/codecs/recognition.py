"""Which codec wrote a file, found from its bytes alone."""

from typing import NamedTuple

from core.codecs import Codec, codecs
from core.codecs.base import OperatingPoint
from core.entropy.bitstream import MAGIC
from core.entropy.errors import UnknownModel
from core.errors import CodecError
from core.images import Image
from core.intake.formats import describe, identify
from core.store import ArtifactStore, MissingArtifact


class Recognised(NamedTuple):
    """A file that one of the codecs decoded.

    Attributes:
        codec: The first codec that reads the file. Codecs that write the same format with
            other settings read it alike.
        image: The image.
    """

    codec: Codec
    image: Image


def decode_any(data: bytes, store: ArtifactStore) -> Recognised:
    """Image of a file that any of the codecs wrote.

    Args:
        data: The whole file.
        store: Where learned codecs find their weights.

    Raises:
        CodecError: The file is damaged, or none of the codecs writes such files.
        ArtifactError: It needs a model that is not trained here, or damaged.
    """
    if data[:1] == bytes([MAGIC]):
        return _decode_learned(data, store)
    for codec in codecs().values():
        if codec.kind != "learned":
            try:
                return Recognised(codec, _any_point(codec, store).decode(data))
            except CodecError:
                continue
    name = identify(data)
    if name is None:
        raise CodecError(f"No codec here writes such files: received {describe(data)}.")
    raise CodecError(f"The {name} file is damaged, incomplete or of a kind that no codec writes.")


def _decode_learned(data: bytes, store: ArtifactStore) -> Recognised:
    """Tries the models one after another; each knows its own files by their two-byte names."""
    missing: list[MissingArtifact] = []
    foreign: list[UnknownModel] = []
    for codec in codecs().values():
        if codec.kind == "learned":
            try:
                return Recognised(codec, _any_point(codec, store).decode(data))
            except MissingArtifact as error:
                missing.append(error)
            except UnknownModel as error:
                foreign.append(error)
    if foreign:
        raise UnknownModel(f"No model here made this file: {foreign[0]}")
    raise missing[0]


def _any_point(codec: Codec, store: ArtifactStore) -> OperatingPoint:
    """A codec of the codec; which one does not matter for decoding."""
    if codec.at is not None and codec.dial is not None:
        return codec.at(codec.dial.default, store)
    return codec.sweep(store)[0]
