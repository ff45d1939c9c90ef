"""Images of the formats that Pillow reads correctly, with the notes that Pillow does not give."""

import io

from PIL import Image, ImageFile

from core.intake.bmff import ImageProperties
from core.intake.colors import to_srgb
from core.intake.errors import Limits
from core.intake.formats import READERS, read_webp_size
from core.intake.notes import DEPTH_NOTE, FRAMES_NOTE, Converted, with_notes
from core.intake.orientation import forget_xmp, read_orientation, turn_upright


def decode_with_pillow(data: bytes, name: str, limits: Limits) -> Converted:
    """First frame, upright, in 8-bit sRGB on white.

    Args:
        data: The whole file.
        name: Name of its format, as `READERS` has it.
        limits: How large the image may be; checked before anything is decoded.

    Raises:
        ImageError: The image is too large, or has samples that are not finite.
        Exception: The file is damaged.
    """
    if name == "WebP":  # Pillow makes its canvas before it tells the size
        limits.check_size(*read_webp_size(data))
    return convert_opened(READERS[name](io.BytesIO(data)), ImageProperties(), limits)


def convert_opened(
    image: ImageFile.ImageFile, properties: ImageProperties, limits: Limits
) -> Converted:
    """Image that Pillow has opened, with the properties that it does not tell.

    Raises:
        ImageError: The image is too large, or has samples that are not finite.
        Exception: The file is damaged.
    """
    limits.check_size(*image.size)
    raw_modes = " ".join(str(tile.args) for tile in image.tile)
    box = next((tile.extents for tile in image.tile), None)
    notes: tuple[str, ...] = (FRAMES_NOTE,) if getattr(image, "is_animated", False) else ()
    if properties.bits > 8 or _is_reduced(image, raw_modes):
        notes += (DEPTH_NOTE,)
    forget_xmp(image)
    image.load()
    limits.check_size(*image.size)  # a GIF frame may reach beyond the canvas in the header
    orientation = read_orientation(image)
    space = None if image.info.get("icc_profile") else properties.space
    drawn = _as_browsers_draw(image, box)
    converted = to_srgb(drawn, white_level=4095 if "I;12" in raw_modes else 65535, space=space)
    turned = turn_upright(converted.image, orientation)
    return with_notes(Converted(turned, converted.notes), before=notes, after=properties.notes)


def _as_browsers_draw(
    image: ImageFile.ImageFile, box: tuple[int, int, int, int] | None
) -> Image.Image:
    """Image that is opaque where a BMP has opacities of 0 alone, and clear around a GIF's frame.

    Args:
        image: The loaded image.
        box: Columns and rows of which the file has pixels.
    """
    if image.format == "BMP" and image.mode == "RGBA":
        is_opaque = image.getchannel("A").getextrema() == (0, 0)
        return image.convert("RGB") if is_opaque else image
    is_framed = image.format == "GIF" and box not in (None, (0, 0, *image.size))
    if box is None or not is_framed or image.has_transparency_data:
        return image
    drawn = Image.new("RGBA", image.size)
    drawn.paste(image.crop(box).convert("RGB"), box)
    return drawn


def _is_reduced(image: Image.Image, raw_modes: str) -> bool:
    """Whether Pillow cuts 16-bit samples to 8 by itself; those of BMP have 5 or 6 bits."""
    return ";16" in raw_modes and image.mode[0] not in "IF" and image.format != "BMP"
