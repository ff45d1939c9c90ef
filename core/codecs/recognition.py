"""Which codec wrote a file, found from its bytes alone."""

from typing import NamedTuple

from core.codecs import Codec, codecs
from core.codecs.base import OperatingPoint
from core.codecs.bnk import models_of
from core.entropy.bitstream import MAGIC, unpack
from core.entropy.errors import UnknownModel
from core.errors import CodecError
from core.images import Image
from core.intake.formats import describe, identify
from core.store import ArtifactError, ArtifactStore


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
    for codec in codecs(store).values():
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
    """Decodes with the model that the file names, or with each of several of the same id.

    Only the whole digest, which the file's check covers, tells models with equal ids apart. A
    model that is missing or damaged does not matter to the files of the others.
    """
    model_id = unpack(data).header.model_id
    learned = [codec for codec in codecs(store).values() if codec.learned is not None]
    found = models_of(model_id, learned, store)
    errors: list[CodecError | ArtifactError] = []
    for codec in found.codecs:
        try:
            return Recognised(codec, _any_point(codec, store).decode(data))
        except (CodecError, ArtifactError) as error:
            errors.append(error)
    if errors:
        raise errors[0]
    if len(found.unreadable) == len(learned):
        raise next(iter(found.unreadable.values()))
    missing = ", ".join(found.unreadable)
    raise UnknownModel(
        f"No model here made this file: it names model {model_id.hex()}."
        + (f" Missing or damaged here: {missing}." if missing else "")
    )


def _any_point(codec: Codec, store: ArtifactStore) -> OperatingPoint:
    """An operating point of the codec; which one does not matter for decoding."""
    if codec.at is not None and codec.dial is not None:
        return codec.at(codec.dial.default, store)
    return codec.sweep(store)[0]
