"""Reads JPEG XL, which Pillow cannot, through libjxl."""

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from core.intake.color_spaces import BT709, SRGB, ColorSpace
from core.intake.depth import check_finite
from core.intake.errors import Limits
from core.intake.jpeg_xl_header import Header, read_codestream_start, read_header
from core.intake.notes import (
    BAD_PROFILE_NOTE,
    FRAMES_NOTE,
    PFM_NOTE,
    PROFILE_NOTE,
    UNKNOWN_SPACE_NOTE,
    Converted,
    with_notes,
)
from core.intake.samples import Samples, samples_to_srgb

#: What the decoder gives for absolute colours that only a profile describes: it has no colour
#: management of its own, so it does not convert to the profile.
_LINEAR = ColorSpace(BT709, "linear")

#: Value of the two-bit selector of the depth that stands for 12 bits.
_SELECTOR_OF_12_BITS = 2


def decode_jpeg_xl(data: bytes, limits: Limits) -> Converted:
    """First frame, upright, in 8-bit sRGB on white.

    Raises:
        ImageError: The image is too large, or has samples that are not finite.
        Exception: The file is damaged.
    """
    header = read_header(data)
    limits.check_size(header.width, header.height)
    limits.check_samples(header.width * header.height, header.channels, header.bits)
    profile = _read_profile(data) if header.has_profile and not header.is_xyb else None
    space = _LINEAR if header.has_profile and header.is_xyb else header.space
    is_widened = header.is_xyb and header.bits == 8 and space is not None and space != SRGB
    values, white_level = _decode_frame(_state_12_bits(data, header) if is_widened else data)
    limits.check_size(values.shape[1], values.shape[0])
    samples = Samples(
        values,
        white_level,
        profile,
        space,
        premultiplied=header.premultiplied,
        has_depth=header.bits > 8,
        note=PROFILE_NOTE if header.has_profile else PFM_NOTE if header.is_from_pfm else None,
    )
    return with_notes(
        samples_to_srgb(samples),
        before=(FRAMES_NOTE,) if header.animated else (),
        after=_unknown_colors(header, has_found=space is not None or profile is not None),
    )


def _unknown_colors(header: Header, *, has_found: bool) -> tuple[str, ...]:
    if has_found:
        return ()
    return (BAD_PROFILE_NOTE if header.has_profile else UNKNOWN_SPACE_NOTE,)


def _read_profile(data: bytes) -> bytes | None:
    """ICC profile of a file whose samples are in its colours, which only this package tells."""
    try:
        from pillow_jxl import Decoder
    except ImportError:
        return None
    _, _, _, profile, _ = Decoder(num_threads=1)(data)
    return bytes(profile) if profile else None


def _state_12_bits(data: bytes, header: Header) -> bytes:
    """File that states 12 bits instead of 8.

    The depth changes nothing in how absolute colours are decoded, only how finely the decoder
    rounds them; 8 bits of linear light would lose the dark levels.
    """
    if header.bits_position is None:
        return data
    position = header.bits_position
    start = read_codestream_start(data)[: position // 8 + 2]
    offset = data.find(start)
    if offset < 0:  # the header is split between boxes
        return data
    changed = int.from_bytes(start, "little") | _SELECTOR_OF_12_BITS << position
    return data[:offset] + changed.to_bytes(len(start), "little") + data[offset + len(start) :]


def _decode_frame(data: bytes) -> tuple[NDArray[np.generic], float]:
    """Samples of the first frame, upright, and the one that means white."""
    values: NDArray[np.generic] = imagecodecs.jpegxl_decode(data, index=0, numthreads=1)
    values = values[..., None] if values.ndim == 2 else values[..., :4]
    if values.dtype.kind == "f":  # nominally on 0..1
        check_finite(values)
        return np.clip(values.astype(np.float32, copy=False), 0, 1), 1
    return values, (1 << read_header(data).bits) - 1
