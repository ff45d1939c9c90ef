"""Converts 8-bit pixels of any Pillow mode to sRGB on white, with notes on the changes."""

import numpy as np
from PIL import Image

from core.intake.color_spaces import ColorSpace, convert_to_srgb, matches_srgb
from core.intake.depth import reduce_depth, stretch
from core.intake.notes import ALPHA_NOTE, DEPTH_NOTE, Converted, space_note
from core.intake.profiles import apply_profile, convert_plainly
from core.intake.samples import paste_on_white


def to_srgb(
    image: Image.Image, *, white_level: int = 65535, space: ColorSpace | None = None
) -> Converted:
    """Image on white in sRGB; hidden colours of transparent pixels never show.

    Args:
        image: Loaded image in any mode. An ICC profile in its `info` is applied.
        white_level: Sample that means white in the 16-bit grey modes.
        space: Colour space of an image without a profile; None for sRGB.

    Raises:
        ImageError: The samples are not finite numbers.
    """
    colors, depth_notes = _to_8_bit(image, white_level)
    alpha = _alpha_of(image, colors)
    opaque, color_notes = _convert_colors(
        _without_alpha(colors), image.info.get("icc_profile"), space
    )
    if alpha is None or alpha.getextrema() == (255, 255):
        return Converted(opaque, depth_notes + color_notes)
    paper = paste_on_white(opaque, np.asarray(alpha))
    return Converted(paper, (*depth_notes, *color_notes, ALPHA_NOTE))


def _to_8_bit(image: Image.Image, white_level: int) -> Converted:
    if image.mode.startswith("I;16"):
        grey = reduce_depth(np.asarray(image), white_level)
        return Converted(Image.fromarray(grey), (DEPTH_NOTE,))
    if image.mode in ("I", "F"):
        values, note = stretch(np.asarray(image))
        return Converted(Image.fromarray(reduce_depth(values, 1)), (note,))
    return Converted(image, ())


def _alpha_of(image: Image.Image, colors: Image.Image) -> Image.Image | None:
    """Opacity as a grey image, or None when nothing can be transparent."""
    if not image.has_transparency_data:
        return None
    if colors is not image or image.mode in ("1", "L"):  # one grey level is transparent
        level = image.info.get("transparency")
        grey = image.convert("L") if image.mode == "1" else image
        return Image.fromarray(np.where(np.asarray(grey) == level, 0, 255).astype(np.uint8))
    return image.convert("RGBA").getchannel("A")


def _without_alpha(image: Image.Image) -> Image.Image:
    if image.mode in ("RGB", "L", "CMYK", "LAB"):
        return image
    if image.mode in ("La", "RGBa"):  # colours multiplied by the opacity
        image = image.convert(image.mode.upper())
    if image.mode == "P" and image.has_transparency_data:
        image = image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "LA") else "RGB")


def _convert_colors(
    image: Image.Image, profile: bytes | None, space: ColorSpace | None
) -> Converted:
    if profile:
        return apply_profile(image, profile)
    if space is None or image.mode not in ("L", "RGB") or matches_srgb(space):
        return convert_plainly(image)
    pixels = convert_to_srgb(np.asarray(image.convert("RGB")), space, white_level=255)
    return Converted(Image.fromarray(pixels), (space_note(space),))
