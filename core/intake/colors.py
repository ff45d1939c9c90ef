"""Brings the pixels of any Pillow mode to 8-bit sRGB and tells what that changed."""

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from core.intake.errors import ImageError

FRAMES_NOTE = "Only the first of several frames is used."
DEPTH_NOTE = "More than 8 bits per channel were reduced to 8."
ALPHA_NOTE = "Transparent parts are shown on white."
CMYK_NOTE = "CMYK colours without a colour profile were converted approximately."
PROFILE_NOTE = "Colours were converted from the embedded colour profile to sRGB."
BAD_PROFILE_NOTE = "The embedded colour profile could not be used; colours may differ."
LARGE_PROFILE_NOTE = "The embedded colour profile exceeds 1 MB and was ignored; colours may differ."

_MAX_PROFILE_BYTES = 1_000_000

#: Modes in which a profile of each colour space can be applied.
_PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}


class Converted(NamedTuple):
    """An 8-bit image and what was changed on the way to it.

    Attributes:
        image: Pillow image in mode RGB.
        notes: Sentences for the person who gave the image.
    """

    image: Image.Image
    notes: tuple[str, ...]


def to_srgb(image: Image.Image, *, white_level: int = 65535) -> Converted:
    """Image on white in sRGB; hidden colours of transparent pixels never show.

    Args:
        image: Loaded image in any mode.
        white_level: Sample that means white in the 16-bit grey modes.

    Raises:
        ImageError: The samples are not finite numbers.
    """
    colors, depth_notes = _to_8_bit(image, white_level)
    alpha = _alpha_of(image, colors)
    opaque, profile_notes = _apply_profile(_without_alpha(colors), image.info.get("icc_profile"))
    if alpha is None or alpha.getextrema() == (255, 255):
        return Converted(opaque, depth_notes + profile_notes)
    paper = Image.new("RGB", opaque.size, "white")
    paper.paste(opaque, mask=alpha)
    return Converted(paper, (*depth_notes, *profile_notes, ALPHA_NOTE))


def reduce_16_bit(samples: NDArray[np.uint16], *, white_level: int = 65535) -> NDArray[np.uint8]:
    """Samples on 0..255, rounded to the nearest; `white_level` becomes 255."""
    wide = samples.astype(np.uint32)
    wide *= 255
    wide += white_level // 2
    wide //= white_level
    return np.minimum(wide, 255, out=wide).astype(np.uint8)


def check_finite(samples: NDArray[np.floating]) -> None:
    """Refuses samples that are no numbers.

    Raises:
        ImageError: A sample is NaN or infinite.
    """
    if not np.isfinite(samples).all():
        raise ImageError(
            "The image has samples that are not finite numbers (NaN or infinity); "
            "only finite ones are accepted."
        )


def _to_8_bit(image: Image.Image, white_level: int) -> Converted:
    if image.mode.startswith("I;16"):
        grey = reduce_16_bit(np.asarray(image), white_level=white_level)
        return Converted(Image.fromarray(grey), (DEPTH_NOTE,))
    if image.mode in ("I", "F"):
        return _rescale(np.asarray(image))
    return Converted(image, ())


def _rescale(samples: NDArray[np.generic]) -> Converted:
    values = samples.astype(np.float64)
    check_finite(values)
    lowest, highest = float(values.min()), float(values.max())
    values -= lowest
    values *= 255 / (highest - lowest) if highest > lowest else 0
    grey = np.rint(values, out=values).astype(np.uint8)
    note = f"Values from {lowest:g} to {highest:g} were rescaled to 0 to 255."
    return Converted(Image.fromarray(grey), (note,))


def _alpha_of(image: Image.Image, colors: Image.Image) -> Image.Image | None:
    """Opacity as a grey image, or None when nothing can be transparent."""
    if not image.has_transparency_data:
        return None
    if colors is not image:  # one grey level of a 16-bit image is transparent
        level = image.info.get("transparency")
        return Image.fromarray(np.where(np.asarray(image) == level, 0, 255).astype(np.uint8))
    return image.convert("RGBA").getchannel("A")


def _without_alpha(image: Image.Image) -> Image.Image:
    if image.mode in ("RGB", "L", "CMYK", "LAB"):
        return image
    if image.mode in ("La", "RGBa"):  # colours multiplied by the opacity
        image = image.convert(image.mode.upper())
    if image.mode == "P" and image.has_transparency_data:
        image = image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "LA") else "RGB")


def _apply_profile(image: Image.Image, profile: bytes | None) -> Converted:
    if not profile:
        return _apply_none(image)
    if len(profile) > _MAX_PROFILE_BYTES:
        return Converted(_apply_none(image).image, (LARGE_PROFILE_NOTE,))
    try:
        return _apply_valid(image, profile)
    except Exception:  # lcms and its wrapper raise five types for a bad profile
        return Converted(_apply_none(image).image, (BAD_PROFILE_NOTE,))


def _apply_none(image: Image.Image) -> Converted:
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return Converted(_transform(image, lab), ())
    return Converted(image.convert("RGB"), (CMYK_NOTE,) if image.mode == "CMYK" else ())


def _apply_valid(image: Image.Image, data: bytes) -> Converted:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
    mode = _PROFILE_MODES[profile.profile.xcolor_space.strip()]
    if mode == "RGB" and image.mode == "L":
        image = image.convert("RGB")
    if mode != image.mode:
        raise ValueError(f"A profile for {mode} does not fit an image in {image.mode}.")
    if mode == "RGB" and _is_srgb(profile):
        return Converted(image, ())
    return Converted(_transform(image, profile), (PROFILE_NOTE,))


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether the profile moves no colour of a 9x9x9 grid by more than one level.

    Most photographs carry an sRGB profile; leaving their pixels alone keeps them exact.
    """
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    moved = np.asarray(_transform(Image.fromarray(grid), profile)).astype(int)
    return bool(np.abs(moved - grid).max() <= 1)


def _transform(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    if converted is None:
        raise ValueError("The colour conversion gave no image.")
    return converted
