"""Bytes of a file that do not depend on the image: headers, tables, boxes."""

from collections.abc import Iterable

import numpy as np

from core.codecs import Codec, codecs
from core.codecs.base import OperatingPoint
from core.codecs.bnk import BnkPoint
from core.entropy.bitstream import size_bytes
from core.errors import CodecError
from core.store import ArtifactError, ArtifactStore

#: Grey and of one block, so that next to nothing but the container is left in the file.
_SIDE = 16
_GREY = 128


def container_bytes(point: OperatingPoint) -> int:
    """Bytes of the codec's file for a grey image of 16x16: the overhead of any file.

    The rest of a file is called its payload. Formats draw the line between header and payload in
    different places; measured like this, it is drawn in the same place for all. The few bits that
    code the grey block count as container. What not every file of a format has does not: BNK leaves
    out the size of an image of 160x160.

    Args:
        point: The operating point.
    """
    data = point.encode(np.full((_SIDE, _SIDE, 3), _GREY, np.uint8))
    return len(data) - (size_bytes(data) if isinstance(point, BnkPoint) else 0)


def containers(store: ArtifactStore, names: Iterable[str] | None = None) -> dict[str, int]:
    """Bytes of the container by codec, at its default setting; without those that cannot run here.

    Args:
        store: Where the models are.
        names: The codecs; all when None.
    """
    wanted = None if names is None else {*names}
    found = {}
    for name, codec in codecs(store).items():
        if wanted is not None and name not in wanted:
            continue
        try:
            found[name] = container_bytes(_usual_point(codec, store))
        except (ArtifactError, CodecError, ValueError, StopIteration):
            continue
    return found


def _usual_point(codec: Codec, store: ArtifactStore) -> OperatingPoint:
    if codec.at is not None and codec.dial is not None:
        return codec.at(codec.dial.default, store)
    return next(iter(codec.sweep(store)))
