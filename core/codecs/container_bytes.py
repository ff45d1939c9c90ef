"""Bytes of a file that do not depend on the image: headers, tables, boxes."""

import numpy as np

from core.codecs.base import OperatingPoint

#: Grey and of one block, so that next to nothing but the container is left in the file.
_SIDE = 16
_GREY = 128


def container_bytes(point: OperatingPoint) -> int:
    """Bytes of the codec's file for a grey image of 16x16: the overhead of any file.

    The rest of a file is called its payload. Formats draw the line between header and payload in
    different places; measured like this, it is drawn in the same place for all. The few bits that
    code the grey block count as container.

    Args:
        point: The operating point.
    """
    return len(point.encode(np.full((_SIDE, _SIDE, 3), _GREY, np.uint8)))
