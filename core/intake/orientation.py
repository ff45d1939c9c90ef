"""Orientation by EXIF, as browsers honour it; XMP has one too, which they ignore."""

from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageOps, TiffImagePlugin

_ORIENTATION_TAG = 0x0112


def forget_xmp(image: Image.Image) -> None:
    """Takes XMP out of an opened image, as loading a TIFF turns it by the orientation in there."""
    for key in ("xmp", "XML:com.adobe.xmp"):
        image.info.pop(key, None)


def read_orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 when it is absent, out of range or unreadable.

    Pillow's own `getexif` takes the orientation of XMP where EXIF has none.
    """
    try:
        orientation = _tags(image).get(_ORIENTATION_TAG, 1)
    except Exception:  # metadata must not cost the image
        return 1
    return orientation if orientation in range(1, 9) else 1


def _tags(image: Image.Image) -> Mapping[int, Any]:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return image.tag_v2
    exif = Image.Exif()
    exif.load(image.info.get("exif") or b"")
    return exif


def turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    """Image turned and mirrored as an EXIF orientation says; its metadata are dropped."""
    image.info.clear()
    image.getexif()[_ORIENTATION_TAG] = orientation
    return ImageOps.exif_transpose(image)
