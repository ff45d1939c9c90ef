"""Applies the ICC profile of an image through LittleCMS."""

import io
from functools import lru_cache

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from core.intake.depth import reduce_depth
from core.intake.notes import (
    BAD_PROFILE_NOTE,
    CMYK_NOTE,
    LARGE_PROFILE_NOTE,
    PROFILE_NOTE,
    Converted,
)

MAX_PROFILE_BYTES = 1_000_000

#: Modes in which a profile of each colour space can be applied.
_PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}

_CHANNELS = {1: "gray", 3: "rgb", 4: "cmyk"}


def apply_profile(image: Image.Image, profile: bytes) -> Converted:
    """8-bit image in mode RGB, L, CMYK or LAB converted to sRGB."""
    if len(profile) > MAX_PROFILE_BYTES:
        return Converted(convert_plainly(image).image, (LARGE_PROFILE_NOTE,))
    try:
        return _apply(image, profile)
    except Exception:  # lcms and its wrapper raise five types for a bad profile
        return Converted(convert_plainly(image).image, (BAD_PROFILE_NOTE,))


def apply_to_samples(colors: NDArray[np.generic], profile: bytes, white_level: float) -> Converted:
    """Samples of any depth converted to 8-bit sRGB, at 16 bits inside LittleCMS.

    Args:
        colors: Shape (height, width, channels).
        profile: ICC profile of the same number of channels.
        white_level: Sample that means white.
    """
    if colors.dtype == np.uint8 or len(profile) > MAX_PROFILE_BYTES or _is_srgb_data(profile):
        return apply_profile(_as_image(reduce_depth(colors, white_level)), profile)
    try:
        return Converted(_transform_16_bit(colors, profile, white_level), (PROFILE_NOTE,))
    except Exception:  # as above
        return apply_profile(_as_image(reduce_depth(colors, white_level)), profile)


def convert_plainly(image: Image.Image) -> Converted:
    """Image in mode RGB by the definition of its mode alone."""
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return Converted(_transform(image, lab), ())
    return Converted(image.convert("RGB"), (CMYK_NOTE,) if image.mode == "CMYK" else ())


def _apply(image: Image.Image, data: bytes) -> Converted:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
    mode = _PROFILE_MODES[profile.profile.xcolor_space.strip()]
    if mode == "RGB" and image.mode == "L":
        image = image.convert("RGB")
    if mode != image.mode:
        raise ValueError(f"A profile for {mode} does not fit an image in {image.mode}.")
    if mode == "RGB" and _is_srgb_data(data):
        return Converted(image, ())
    return Converted(_transform(image, profile), (PROFILE_NOTE,))


@lru_cache(maxsize=8)
def _is_srgb_data(data: bytes) -> bool:
    """Whether the profile moves no colour of a 9x9x9 grid by more than one level.

    Most photographs carry an sRGB profile; leaving their pixels alone keeps them exact.
    """
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        moved = np.asarray(_transform(Image.fromarray(grid), profile)).astype(int)
    except Exception:  # the profile is for another colour space, or damaged
        return False
    return bool(np.abs(moved - grid).max() <= 1)


def _transform(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    if converted is None:
        raise ValueError("The colour conversion gave no image.")
    return converted


def _transform_16_bit(
    colors: NDArray[np.generic], profile: bytes, white_level: float
) -> Image.Image:
    """Converts rows in turn, which bounds the memory for the 16-bit copies."""
    channels = colors.shape[2]
    expected = _PROFILE_MODES[
        ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip()
    ]
    if expected == "RGB" and channels == 1:
        colors = np.broadcast_to(colors, (*colors.shape[:2], 3))
        channels = 3
    target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = np.empty((*colors.shape[:2], 3), np.uint8)
    rows = max(1, (1 << 18) // colors.shape[1])
    for start in range(0, colors.shape[0], rows):
        part = colors[start : start + rows].astype(np.float32) * (65535 / white_level)
        samples = np.rint(np.clip(part, 0, 65535)).astype(np.uint16)
        pixels[start : start + rows] = imagecodecs.cms_transform(
            np.ascontiguousarray(samples if channels > 1 else samples[..., 0]),
            profile,
            target,
            colorspace=_CHANNELS[channels],
            outcolorspace="rgb",
            outdtype=np.uint8,
        )
    return Image.fromarray(pixels)


def _as_image(values: NDArray[np.uint8]) -> Image.Image:
    modes = {1: "L", 3: "RGB", 4: "CMYK"}
    data = values[..., 0] if values.shape[2] == 1 else values
    return Image.fromarray(np.ascontiguousarray(data), modes[values.shape[2]])
