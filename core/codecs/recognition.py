"""Identifies the codec that wrote a file from its bytes."""

from typing import NamedTuple

from core.codecs import Codec, codecs
from core.codecs.base import OperatingPoint
from core.codecs.bnk import models_of
from core.entropy.bitstream import MAGIC, unpack
from core.entropy.errors import UnknownModel
from core.errors import CodecError
from core.images import Image
from core.intake.door import DEFAULT_LIMITS, read_image
from core.intake.errors import Limits
from core.intake.formats import describe, identify
from core.store import ArtifactError, ArtifactStore

_FORMAT = "BNK"


class Recognised(NamedTuple):
    """A file that was decoded.

    Attributes:
        origin: Label of the model that wrote it, else its format.
        format: Its format, such as `BNK` or `JPEG`.
        image: The image.
        notes: Sentences that say what decoding changed.
    """

    origin: str
    format: str
    image: Image
    notes: tuple[str, ...] = ()


def recognise(data: bytes, store: ArtifactStore, *, limits: Limits = DEFAULT_LIMITS) -> Recognised:
    """Image of a file that any of the codecs wrote.

    A file of a format of others is decoded in a process of its own, within the limits of the
    intake.

    Args:
        data: The whole file.
        store: Where learned codecs find their weights.
        limits: How large a file of another format may be.

    Raises:
        CodecError: The file is damaged.
        ImageError: It is of no format that is read here, damaged, or too large.
        ArtifactError: It needs a model that is not trained here, or damaged.
    """
    if data[:1] == bytes([MAGIC]):
        return _decode_learned(data, store)
    if identify(data) is None:
        raise CodecError(f"No codec here writes such files: received {describe(data)}.")
    found = read_image(data, limits)
    return Recognised(found.format, found.format, found.pixels, found.notes)


def _decode_learned(data: bytes, store: ArtifactStore) -> Recognised:
    """Decodes with the model that the file names, or with each of several of the same id.

    Only the whole digest, which the file's check covers, distinguishes models with equal ids. A
    model that is missing or damaged does not matter to the files of the others.
    """
    model_id = unpack(data).header.model_id
    learned = [codec for codec in codecs(store).values() if codec.learned is not None]
    found = models_of(model_id, learned, store)
    errors: list[CodecError | ArtifactError] = []
    for codec in found.codecs:
        try:
            return Recognised(codec.label, _FORMAT, any_point(codec, store).decode(data))
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


def any_point(codec: Codec, store: ArtifactStore) -> OperatingPoint:
    """An operating point of the codec; which one does not matter for decoding.

    Raises:
        ArtifactError: The codec has no model.
    """
    if codec.at is not None and codec.dial is not None:
        return codec.at(codec.dial.default, store)
    return codec.sweep(store)[0]
