"""TIFF files; tifffile reads the layouts that Pillow reads incorrectly or not at all."""

import io
import math
import struct
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from core.intake.colors import to_srgb
from core.intake.depth import check_finite, reduce_depth, stretch
from core.intake.errors import ImageError, Limits
from core.intake.notes import DEPTH_NOTE, FRAMES_NOTE, Converted, with_notes
from core.intake.orientation import turn_upright
from core.intake.pillow_formats import decode_with_pillow
from core.intake.samples import Samples, samples_to_srgb

_ORIENTATION, _PROFILE = 274, 34675

_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK = 0, 1, 2, 3, 5

#: Colour channels of each photometric interpretation that is read here.
_COLOR_CHANNELS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4}

_PLANES = 2

_PREMULTIPLIED, _UNASSOCIATED = 1, 2


@dataclass(frozen=True)
class TiffImage:
    """The first image of a TIFF file in a layout that Pillow reads incorrectly.

    Attributes:
        page: What tifffile knows of it.
        animated: Whether more images follow.
    """

    page: tifffile.TiffPage
    animated: bool

    @property
    def orientation(self) -> int:
        """Orientation tag, which has the meaning of EXIF's."""
        value = self._tag(_ORIENTATION)
        return value if isinstance(value, int) else 1

    @cached_property
    def bits(self) -> int:
        """Bits of a sample; the largest where channels differ."""
        bits = self.page.bitspersample
        return bits if isinstance(bits, int) else max(bits)

    def _tag(self, code: int) -> object:
        tag = self.page.tags.get(code)
        return tag.value if tag else None

    @property
    def is_premultiplied(self) -> bool:
        """Whether colours are multiplied by the opacity, which is the first further channel."""
        return self.page.extrasamples[:1] == (_PREMULTIPLIED,)

    @property
    def profile(self) -> bytes | None:
        """ICC profile."""
        value = self._tag(_PROFILE)
        return bytes(value) if isinstance(value, bytes) else None


def open_with_tifffile(data: bytes, limits: Limits) -> TiffImage | None:
    """The file where tifffile shall read it; None where Pillow reads it correctly.

    Raises:
        ImageError: The image is too large, or its layout is known and not supported.
    """
    try:
        file = tifffile.TiffFile(io.BytesIO(data))
        page = cast(tifffile.TiffPage, file.pages[0])
    except Exception:  # tifffile raises several types; what Pillow says of the file counts
        return None
    if not page.imagewidth * page.imagelength:
        return None
    limits.check_size(page.imagewidth, page.imagelength)
    image = TiffImage(page, _is_followed(file, data))
    if not (file.is_bigtiff and file.byteorder == ">") and _is_read_correctly(page, image.bits):
        return None
    _check_layout(image, limits, len(data))
    return image


def decode_tiff(data: bytes, limits: Limits) -> Converted:
    """First image, upright, in 8-bit sRGB on white.

    Raises:
        ImageError: The image is too large, of an unsupported layout, or not of finite numbers.
        Exception: The file is damaged.
    """
    image = open_with_tifffile(data, limits)
    if image is None:
        return decode_with_pillow(data, "TIFF", limits)
    converted = decode_with_tifffile(image)
    return Converted(turn_upright(converted.image, image.orientation), converted.notes)


def decode_with_tifffile(tiff: TiffImage) -> Converted:
    """Image in 8-bit sRGB on white, not yet turned upright.

    Raises:
        ImageError: Samples are not finite.
        Exception: The file is damaged.
    """
    values = tiff.page.asarray()
    values = values.astype(np.uint8) if values.dtype == bool else values
    values = values.reshape(values.shape if values.ndim > 2 else (*values.shape, 1))
    if tiff.page.axes.startswith("S"):
        values = np.moveaxis(values, 0, -1)
    frames = (FRAMES_NOTE,) if tiff.animated else ()
    return with_notes(_convert(tiff, values), before=frames)


def _is_read_correctly(page: tifffile.TiffPage, bits: int) -> bool:
    """Whether Pillow shows the samples of a page as they are meant."""
    if bits > 8 or page.sampleformat != _UNSIGNED:
        return False
    if page.samplesperpixel == 1 or page.photometric not in _COLOR_CHANNELS:
        return True
    return page.planarconfig != _PLANES and page.photometric != _WHITE_IS_ZERO


def _convert(tiff: TiffImage, values: NDArray[np.generic]) -> Converted:
    page = tiff.page
    count = _COLOR_CHANNELS[page.photometric]
    colors, alpha = values[..., :count], _alpha(page, values[..., count:])
    if page.sampleformat != _UNSIGNED:
        return _convert_numbers(tiff, colors, alpha)
    white_level = (1 << tiff.bits) - 1
    if page.photometric == _WHITE_IS_ZERO:
        colors = white_level - colors
    if page.photometric == _PALETTE:
        colors, white_level = _look_up(page, colors), 65535
    if page.photometric == _CMYK:
        return _convert_cmyk(colors, white_level, tiff.profile)
    if alpha is not None:
        colors = np.concatenate([colors, alpha], axis=-1)
    return samples_to_srgb(
        Samples(
            _narrow(colors),
            white_level,
            tiff.profile,
            premultiplied=alpha is not None and tiff.is_premultiplied,
            has_depth=tiff.bits > 8,
        )
    )


def _convert_numbers(
    tiff: TiffImage, colors: NDArray[np.generic], alpha: NDArray[np.generic] | None
) -> Converted:
    """Signed integers and floats, whose white no field states: stretched to the whole range."""
    check_finite(colors)
    opacity = None if alpha is None else _opacity(alpha)
    if opacity is not None and tiff.is_premultiplied:
        colors = colors / np.maximum(opacity, 1e-6)
    stretched, note = stretch(colors)
    if tiff.page.photometric == _WHITE_IS_ZERO:
        stretched = 1 - stretched
    if opacity is not None:
        stretched = np.concatenate([stretched, opacity], axis=-1)
    samples = Samples(stretched, 1, tiff.profile, has_depth=False)
    return with_notes(samples_to_srgb(samples), before=(note,))


def _opacity(alpha: NDArray[Any]) -> NDArray[np.float32]:
    """Opacity on 0..1: floats state it as it is, integers by their largest value."""
    largest = 1 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max
    opacity = alpha.astype(np.float32) / np.float32(largest)
    return np.clip(opacity, 0, 1, out=opacity)


def _alpha(page: tifffile.TiffPage, extra: NDArray[np.generic]) -> NDArray[np.generic] | None:
    """Opacity; None where there is none, or where further channels mean something else."""
    kinds = (_PREMULTIPLIED, _UNASSOCIATED)
    has_alpha = extra.shape[-1] and page.extrasamples and page.extrasamples[0] in kinds
    return extra[..., :1] if has_alpha else None


def _look_up(page: tifffile.TiffPage, indices: NDArray[np.generic]) -> NDArray[np.uint16]:
    if page.colormap is None:
        raise ValueError("There is no colour map.")
    colors = np.asarray(page.colormap, np.uint16).T
    return np.asarray(colors[indices[..., 0]], np.uint16)


def _convert_cmyk(inks: NDArray[np.generic], white_level: int, profile: bytes | None) -> Converted:
    image = Image.fromarray(np.ascontiguousarray(reduce_depth(inks, white_level)), "CMYK")
    if profile:
        image.info["icc_profile"] = profile
    return with_notes(to_srgb(image), before=(DEPTH_NOTE,) if white_level > 255 else ())


def _narrow(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Integers of 32 or 64 bits as floats, which the conversions take."""
    return values.astype(np.float64) if values.dtype.itemsize > 2 else values


def _check_layout(tiff: TiffImage, limits: Limits, file_bytes: int) -> None:
    """Refuses by name what would be shown incorrectly, and what is damaged.

    Raises:
        ImageError: The layout is not supported, the samples take too much memory, or a part lies
            beyond the end of the file.
    """
    page = tiff.page
    kinds = {_UNSIGNED: "ub", _SIGNED: "i", _FLOAT: "f"}
    is_supported = (
        page.imagedepth == 1
        and page.samplesperpixel >= _COLOR_CHANNELS.get(page.photometric, sys.maxsize)
        and page.dtype is not None
        and page.dtype.kind in kinds.get(page.sampleformat, "")
        and (page.photometric not in (_PALETTE, _CMYK) or page.sampleformat == _UNSIGNED)
    )
    if not is_supported:
        raise ImageError(f"The TIFF file is refused: {_describe(tiff)} is not supported.")
    pixels = max(page.imagewidth * page.imagelength, page.tilewidth * page.tilelength)
    limits.check_samples(pixels, page.samplesperpixel, tiff.bits)
    counts = page.databytecounts
    ends = [offset + count for offset, count in zip(page.dataoffsets, counts, strict=True)]
    if len(ends) < math.prod(page.chunked) or min(counts) < 1 or max(ends) > file_bytes:
        raise ImageError(
            "The TIFF file cannot be read: it is damaged, incomplete or of an unusual kind."
        )


def _describe(tiff: TiffImage) -> str:
    photometric = getattr(tiff.page.photometric, "name", str(tiff.page.photometric))
    sample_format = getattr(tiff.page.sampleformat, "name", str(tiff.page.sampleformat))
    return f"the layout {photometric} with samples of {tiff.bits} bits ({sample_format})"


def _is_followed(file: tifffile.TiffFile, data: bytes) -> bool:
    """Whether the first directory names a next one, without going through all of them."""
    layout = file.tiff
    start = file.pages[0].offset
    (count,) = struct.unpack_from(layout.tagnoformat, data, start)
    position = start + layout.tagnosize + count * layout.tagsize
    next_offset = data[position : position + layout.offsetsize]
    return any(next_offset)
