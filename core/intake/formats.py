"""Tells by the first bytes what a file is; its name is never looked at."""

import struct

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from core.intake.bmff import read_brands

#: Pillow's reader of each format. Naming the classes keeps the other thirty-odd formats
#: of Pillow (EPS starts Ghostscript) out of reach and leaves its global registry alone.
READERS: dict[str, type[ImageFile.ImageFile]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "JPEG 2000": Jpeg2KImagePlugin.Jpeg2KImageFile,
}

JPEG_XL = "JPEG XL"
JPEG_XR = "JPEG XR"
JPEG_2000 = "JPEG 2000"
HEIC = "HEIC"

#: Formats that are read here; HEIC where its optional package is installed.
IMAGE_FORMATS = frozenset({*READERS, JPEG_XL, JPEG_XR, JPEG_2000, HEIC})

#: Usual endings of the names of files, by the format that they stand for.
SUFFIXES: dict[str, frozenset[str]] = {
    "AVIF": frozenset({".avif"}),
    "BMP": frozenset({".bmp", ".dib"}),
    "GIF": frozenset({".gif"}),
    HEIC: frozenset({".heic", ".heif"}),
    "JPEG": frozenset({".jfif", ".jpe", ".jpeg", ".jpg"}),
    JPEG_2000: frozenset({".j2c", ".j2k", ".jp2", ".jpc", ".jpx"}),
    JPEG_XL: frozenset({".jxl"}),
    JPEG_XR: frozenset({".jxr"}),
    "PNG": frozenset({".apng", ".png"}),
    "TIFF": frozenset({".tif", ".tiff"}),
    "WebP": frozenset({".webp"}),
}

#: All of them, by which images are found in folders.
IMAGE_SUFFIXES = frozenset().union(*SUFFIXES.values())

_JPEG_2000_CODESTREAM = b"\xff\x4f\xff\x51"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\xff\x0a", JPEG_XL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", JPEG_XL),
    (b"II\xbc\x01", JPEG_XR),
    (b"\0\0\0\x0cjP  \r\n\x87\n", JPEG_2000),
    (_JPEG_2000_CODESTREAM, JPEG_2000),
)

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"})

#: Brands of containers of either; without a more exact one the file is tried as AVIF.
_CONTAINER_BRANDS = frozenset({b"mif1", b"msf1", b"mif2"})

_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"8BPS", "a Photoshop document"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xb5\x10", "a BNK file, which pipelines.decompress turns into an image"),
    (b"\xb5\x11", "a BNK file, which pipelines.decompress turns into an image"),
    (b"<", "a text file with markup, such as SVG or HTML"),
)


def identify(data: bytes) -> str | None:
    """Name of the accepted format that the file begins like, or None."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    brands = read_brands(data)
    if brands & _AVIF_BRANDS:
        return "AVIF"
    if brands & _HEIC_BRANDS:
        return HEIC
    return "AVIF" if brands & _CONTAINER_BRANDS else None


def read_webp_size(data: bytes) -> tuple[int, int]:
    """Width and height in a WebP header; Pillow makes two canvases before it tells them.

    Raises:
        ValueError: The header is incomplete or of no known kind.
    """
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X" and len(body) == 10:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and len(body) == 10:
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("The WebP header is incomplete.")


def find_jpeg_2000_codestream(data: bytes) -> int:
    """Position of the codestream in a JPEG 2000 file.

    Raises:
        ValueError: There is none.
    """
    start = data.find(_JPEG_2000_CODESTREAM)
    if start < 0 or len(data) < start + 24:
        raise ValueError("There is no codestream.")
    return start


def read_jpeg_2000_sizes(data: bytes) -> list[tuple[int, int]]:
    """Every width and height that the headers of a JPEG 2000 file state.

    The container and the codestream in it each state one, and OpenJPEG allocates by the latter.

    Raises:
        ValueError: There is no codestream.
    """
    start = find_jpeg_2000_codestream(data)
    right, lower, left, upper = struct.unpack_from(">4I", data, start + 8)
    sizes = [(right - left, lower - upper)]
    header = data.find(b"ihdr", 0, start)
    if header >= 0:
        height, width = struct.unpack_from(">II", data, header + 4)
        sizes.append((width, height))
    return sizes


def describe(data: bytes) -> str:
    """What a file that is no accepted image seems to be, in words that follow "received"."""
    if not data:
        return "an empty file"
    if identify(data) == HEIC:
        return "a HEIC photograph, which is read where the package pillow-heif is installed"
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    for signature, words in _FOREIGN:
        if head.startswith(signature):
            return words
    readable = all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)
    return "a text file" if readable and head.isascii() else "a file of an unknown kind"
