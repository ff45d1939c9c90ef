"""Which codec wrote a file, found from its bytes alone."""

from typing import NamedTuple

from core.codecs import CodecFamily, families
from core.codecs.base import Codec, CodecError
from core.entropy.bitstream import MAGIC
from core.entropy.errors import UnknownModel
from core.images import Image
from core.intake.formats import describe, identify
from core.store import ArtifactStore, MissingArtifact


class Recognised(NamedTuple):
    """A file that one of the codecs decoded.

    Attributes:
        family: The first family that reads the file. Families that write the same format with
            other settings read it alike.
        image: The picture.
    """

    family: CodecFamily
    image: Image


def decode_any(data: bytes, store: ArtifactStore) -> Recognised:
    """Picture of a file that any of the codecs wrote.

    Args:
        data: The whole file.
        store: Where learned families find their weights.

    Raises:
        CodecError: The file is damaged, or none of the codecs writes such files.
        ArtifactError: It needs a model that is not trained here, or damaged.
    """
    if data[:1] == bytes([MAGIC]):
        return _decode_learned(data, store)
    for family in families().values():
        if family.kind != "learned":
            try:
                return Recognised(family, _any_codec(family, store).decode(data))
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
    for family in families().values():
        if family.kind == "learned":
            try:
                return Recognised(family, _any_codec(family, store).decode(data))
            except MissingArtifact as error:
                missing.append(error)
            except UnknownModel as error:
                foreign.append(error)
    if foreign:
        raise UnknownModel(f"No model here made this file: {foreign[0]}")
    raise missing[0]


def _any_codec(family: CodecFamily, store: ArtifactStore) -> Codec:
    """A codec of the family; which one does not matter for decoding."""
    if family.at is not None and family.dial is not None:
        return family.at(family.dial.default, store)
    return family.sweep(store)[0]
