"""The orientation of EXIF is honoured, that of XMP ignored, as in browsers."""

import io

import numpy as np
import pytest
from PIL import Image

from core.intake.decode import decode_image

#: Red, green, blue and white quarters, 20 high and 30 wide.
QUARTERS = np.zeros((20, 30, 3), np.uint8)
QUARTERS[:10, :15], QUARTERS[:10, 15:] = (250, 10, 10), (10, 250, 10)
QUARTERS[10:, :15], QUARTERS[10:, 15:] = (10, 10, 250), (250, 250, 250)

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" {}</rdf:RDF></x:xmpmeta>'
)
ATTRIBUTE = XMP.format('tiff:Orientation="6"/>')
ELEMENT = XMP.format("><tiff:Orientation>6</tiff:Orientation></rdf:Description>")

UPRIGHT = {
    1: QUARTERS,
    2: QUARTERS[:, ::-1],
    3: QUARTERS[::-1, ::-1],
    4: QUARTERS[::-1],
    5: QUARTERS.swapaxes(0, 1),
    6: np.rot90(QUARTERS, -1),
    7: np.rot90(QUARTERS, -1)[:, ::-1][::-1, ::-1],
    8: np.rot90(QUARTERS),
}


def save(fmt: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    lossless = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}
    Image.fromarray(QUARTERS).save(buffer, fmt, **lossless.get(fmt, {}), **options)
    return buffer.getvalue()


def assert_shows(data: bytes, expected: np.ndarray) -> None:
    pixels = decode_image(data).pixels
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).mean() < 12


@pytest.mark.parametrize("xmp", [ATTRIBUTE, ELEMENT])
@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_an_orientation_in_xmp_turns_nothing(fmt: str, xmp: str) -> None:
    if fmt == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp)
        data = save("PNG", pnginfo=info)
    elif fmt == "TIFF":
        data = save("TIFF", tiffinfo={700: xmp.encode()})
    else:
        data = save(fmt, xmp=xmp.encode())
    assert b"tiff:Orientation" in data
    assert_shows(data, QUARTERS)


def test_an_orientation_in_xmp_turns_no_jpeg_that_lacks_a_density() -> None:
    """For such a file Pillow looks for the density in EXIF, and for the orientation meanwhile."""
    data = save("JPEG", xmp=ATTRIBUTE.encode())
    density = data.index(b"\xff\xe0")
    length = int.from_bytes(data[density + 2 : density + 4], "big")
    assert_shows(data[:density] + data[density + 2 + length :], QUARTERS)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_exif_is_honoured_beside_another_in_xmp(
    fmt: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    xmp = {"xmp": ATTRIBUTE.encode()} if fmt in ("JPEG", "WEBP", "AVIF") else {}
    assert_shows(save(fmt, exif=exif, **xmp), UPRIGHT[orientation])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exif", [b"Exif\0\0junk", b"Exif\0\0MM\0*\0\0\0\xff", b"II*\0"])
def test_unreadable_exif_does_not_cost_the_image(exif: bytes) -> None:
    assert_shows(save("JPEG", exif=exif), QUARTERS)
