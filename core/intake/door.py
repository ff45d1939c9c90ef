"""Reads an image file that a person named: within limits, and in a process of its own."""

import stat
from pathlib import Path

from core.intake.decode import DecodedImage
from core.intake.errors import ImageError, Limits
from core.intake.isolation import decode_image_isolated

#: Limits on the files of whoever owns the machine; a server grants less to its visitors. Lossless
#: JPEG 2000 of 16 megapixels takes 6 seconds.
DEFAULT_LIMITS = Limits(max_bytes=200_000_000, max_seconds=20.0)


def read_image(source: Path | bytes, limits: Limits = DEFAULT_LIMITS) -> DecodedImage:
    """Decoded image of a file or of its bytes, with notes on what decoding changed.

    Args:
        source: Path of a file, or the whole content of one.
        limits: How large the image may be; the length of a file is checked before it is read.

    Raises:
        ImageError: The image is not accepted.
        OSError: The file cannot be read.
    """
    data = source if isinstance(source, bytes) else read_bounded(source, limits)
    return decode_image_isolated(data, limits=limits)


def read_bounded(path: Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Content of a file; never more than the limit is read, even of a pipe without end.

    Raises:
        ImageError: The file is longer than the limit, or a device.
        OSError: It cannot be read.
    """
    status = path.stat()
    if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        raise ImageError("It is a device; expected a file.")
    if stat.S_ISREG(status.st_mode):
        limits.check_bytes(status.st_size)
    with path.open("rb") as file:
        data = file.read(limits.max_bytes + 1)
    limits.check_bytes(len(data))
    return data
