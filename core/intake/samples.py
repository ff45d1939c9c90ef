"""Samples of any depth, as decoders give them, and their way to 8-bit sRGB on white."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.intake import profiles
from core.intake.color_spaces import ColorSpace, convert_to_srgb, matches_srgb
from core.intake.depth import check_finite, reduce_depth
from core.intake.notes import ALPHA_NOTE, DEPTH_NOTE, Converted, space_note


@dataclass(frozen=True)
class Samples:
    """Decoded samples and what they mean.

    Attributes:
        values: Shape (height, width, channels), unsigned integers or floats on 0..1. The channels
            are grey, grey and opacity, RGB, or RGB and opacity.
        white_level: Sample that means white, and full opacity.
        profile: ICC profile of the colours.
        space: Colour space of the colours where there is no profile; None for sRGB.
        premultiplied: Whether colours are multiplied by the opacity.
        has_depth: Whether the file has more than 8 bits per sample.
        note: What to say of a conversion from `space`, where it is not declared as such.
    """

    values: NDArray[Any]
    white_level: float
    profile: bytes | None = None
    space: ColorSpace | None = None
    premultiplied: bool = False
    has_depth: bool = True
    note: str | None = None


def samples_to_srgb(samples: Samples) -> Converted:
    """Image on white in sRGB.

    Raises:
        ImageError: The samples are not finite numbers.
    """
    values = samples.values
    check_finite(values)
    count = values.shape[2]
    colors = values[..., : count - 1 + count % 2]
    alpha = None if count % 2 else values[..., -1]
    if alpha is not None and samples.premultiplied:
        colors = _divide(colors, alpha, samples.white_level)
    opaque = _colors_to_srgb(colors, samples)
    notes = ((DEPTH_NOTE,) if samples.has_depth else ()) + opaque.notes
    if alpha is None or (alpha >= samples.white_level).all():
        return Converted(opaque.image, notes)
    return Converted(
        paste_on_white(opaque.image, reduce_depth(alpha, samples.white_level)),
        (*notes, ALPHA_NOTE),
    )


def paste_on_white(image: Image.Image, alpha: NDArray[np.uint8]) -> Image.Image:
    """Image in mode RGB with white where it is transparent."""
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=Image.fromarray(alpha))
    return paper


def _colors_to_srgb(colors: NDArray[np.generic], samples: Samples) -> Converted:
    if samples.profile:
        return profiles.apply_to_samples(colors, samples.profile, samples.white_level)
    if samples.space is None or matches_srgb(samples.space):
        return Converted(_as_rgb(reduce_depth(colors, samples.white_level)), ())
    rgb = np.broadcast_to(colors, (*colors.shape[:2], 3))
    pixels = convert_to_srgb(rgb, samples.space, white_level=samples.white_level)
    return Converted(Image.fromarray(pixels), (samples.note or space_note(samples.space),))


def _as_rgb(values: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(values[..., 0] if values.shape[2] == 1 else values).convert("RGB")


def _divide(
    colors: NDArray[np.generic], alpha: NDArray[np.generic], white_level: float
) -> NDArray[np.generic]:
    """Colours before they were multiplied by the opacity, as floats on 0..`white_level`."""
    opacity = np.maximum(alpha.astype(np.float32) / np.float32(white_level), 1e-6)[..., None]
    divided = colors.astype(np.float32)
    divided /= opacity
    return np.minimum(divided, np.float32(white_level), out=divided)
