"""Orientation by EXIF, as browsers honour it; XMP has one too, which they ignore."""

from PIL import Image, ImageOps

_ORIENTATION_TAG = 0x0112

_XMP_KEYS = ("xmp", "XML:com.adobe.xmp", "Raw profile type xmp")


def read_orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 when it is absent, out of range or unreadable."""
    for key in _XMP_KEYS:  # where there is no EXIF, Pillow takes the orientation from here
        image.info.pop(key, None)
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # metadata must not cost the image
        return 1
    return orientation if orientation in range(1, 9) else 1


def turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    """Image turned and mirrored as an EXIF orientation says; its metadata are dropped."""
    image.info.clear()
    image.getexif()[_ORIENTATION_TAG] = orientation
    return ImageOps.exif_transpose(image)
