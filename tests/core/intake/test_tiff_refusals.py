"""TIFF files that are damaged, too large or not supported."""

import io
import struct

import numpy as np
import pytest
import tifffile

from core.intake.decode import decode_image
from core.intake.errors import ImageError
from tests.core.intake.image_files import tiff
from tests.core.intake.tiff_pixels import COLORS, DEEP, DEEP_GREY


def test_layouts_that_are_not_supported_are_refused_by_name() -> None:
    lab = tiff(DEEP, photometric="cielab")
    with pytest.raises(ImageError, match="the layout CIELAB with samples of 16 bits"):
        decode_image(lab)
    volume = tiff(
        np.zeros((4, 32, 32), np.uint16),
        volumetric=True,
        tile=(2, 16, 16),
        photometric="minisblack",
    )
    with pytest.raises(ImageError, match="is not supported"):
        decode_image(volume)
    with pytest.raises(ImageError, match="is not supported"):
        decode_image(tiff(np.zeros((4, 4), np.complex64), photometric="minisblack"))
    two_of_three = bytearray(tiff(np.dstack([DEEP_GREY, DEEP_GREY]), photometric="minisblack"))
    with tifffile.TiffFile(io.BytesIO(two_of_three)) as file:
        offset = file.pages[0].tags["PhotometricInterpretation"].valueoffset
    struct.pack_into("<H", two_of_three, offset, 2)
    with pytest.raises(ImageError, match=r"the layout RGB .* is not supported"):
        decode_image(bytes(two_of_three))


def test_samples_that_take_too_much_memory_are_refused_by_the_header() -> None:
    single = tiff(np.zeros((4000, 4000), np.float32), compression="zlib", photometric="minisblack")
    assert decode_image(single).pixels.shape == (4000, 4000, 3)
    doubled = tiff(np.zeros((4000, 2100, 3), np.float64), compression="zlib", photometric="rgb")
    with pytest.raises(ImageError, match="samples of 64 bits take 202 MB; at most 128 MB"):
        decode_image(doubled)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, -1])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
def test_a_truncated_deep_file_is_refused_or_whole(kept: float, compression: str | None) -> None:
    data = tiff(DEEP, photometric="rgb", compression=compression, rowsperstrip=7)
    length = int(kept * len(data)) if kept > 0 else int(kept)
    try:
        decoded = decode_image(data[:length])
    except ImageError:
        return
    np.testing.assert_array_equal(decoded.pixels, COLORS)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_an_image_that_lacks_some_of_its_strips_is_refused(compression: str | None) -> None:
    data = bytearray(tiff(DEEP, photometric="rgb", compression=compression, rowsperstrip=7))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tags = file.pages[0].tags
        for name in ("StripOffsets", "StripByteCounts"):
            struct.pack_into("<I", data, tags[name].offset + 4, 3)
    with pytest.raises(ImageError, match="cannot be read"):
        decode_image(bytes(data))
