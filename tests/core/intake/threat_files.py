"""Files that the intake must refuse: other things than images, too large, or damaged."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

import imagecodecs
import numpy as np

from core.png import encode_png
from tests.core.intake.image_files import chunk, gradient, noise, png, save, tiff


def jpeg_of_size(width: int, height: int) -> bytes:
    data = bytearray(save(gradient(16, 16), "JPEG"))
    frame = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, frame + 5, height, width)
    return bytes(data)


def gif_of_size(width: int, height: int) -> bytes:
    data = bytearray(save(gradient(), "GIF"))
    struct.pack_into("<HH", data, 6, width, height)
    return bytes(data)


def bmp_of_size(width: int, height: int) -> bytes:
    data = bytearray(save(gradient(), "BMP"))
    struct.pack_into("<ii", data, 18, width, height)
    return bytes(data)


def webp_canvas(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sides
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_lossless_header(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    chunk_body = b"\x2f" + struct.pack("<I", bits) + bytes(3)
    body = b"WEBPVP8L" + struct.pack("<I", len(chunk_body)) + chunk_body
    return b"RIFF" + struct.pack("<I", len(body)) + body


def avif_of_size(width: int, height: int) -> bytes:
    data = bytearray(save(gradient(), "AVIF"))
    struct.pack_into(">II", data, data.index(b"ispe") + 8, width, height)
    return bytes(data)


def tiff_of_size(width: int, height: int) -> bytes:
    small = tiff(noise(4, 5))
    wide = small.replace(struct.pack("<HHIHH", 256, 3, 1, 5, 0), b"?" * 12)
    if wide == small:
        wide = small.replace(struct.pack("<HHII", 256, 4, 1, 5), b"?" * 12)
    tall = wide.replace(struct.pack("<HHII", 257, 4, 1, 4), struct.pack("<HHII", 257, 4, 1, height))
    tall = tall.replace(
        struct.pack("<HHIHH", 257, 3, 1, 4, 0), struct.pack("<HHII", 257, 4, 1, height)
    )
    return tall.replace(b"?" * 12, struct.pack("<HHII", 256, 4, 1, width))


def jpeg_xl_of_size(side: int, *, container: bool = False) -> bytes:
    black = np.zeros((side, side), np.uint8)
    return imagecodecs.jpegxl_encode(black, lossless=True, effort=1, usecontainer=container)


def zip_of(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "{}")
    return buffer.getvalue()


@cache
def packed_zeros() -> bytes:
    """200 MB of zeros in a few hundred kilobytes."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(10_000_000)) for _ in range(20)) + packer.flush()


def png_text_bomb(kind: bytes) -> bytes:
    extra = chunk(kind, b"a\0\0" + packed_zeros())
    return png(b"\0\0", width=1, height=1, depth=8, kind=0, extra=extra)


def jpeg_with_scans(count: int) -> bytes:
    """Progressive JPEG whose last scan is repeated again and again."""
    data = save(gradient(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


FOREIGN: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "an empty file"),
    "random bytes": (
        lambda: b"\x93" + np.random.default_rng(3).bytes(4096),
        "a file of an unknown kind",
    ),
    "text": (lambda: b"Dear all,\r\n\tplease find attached\n", "a text file"),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "markup, such as SVG or HTML"),
    "SVG with a byte order mark": (
        lambda: b'\xef\xbb\xbf\n<?xml version="1.0"?><svg/>',
        "markup, such as SVG or HTML",
    ),
    "HTML called .jpg": (lambda: b"<!doctype html><script>alert(1)</script>", "markup"),
    "zip": (lambda: zip_of("a.txt"), "a zip archive"),
    "Keras model": (lambda: zip_of("config.json"), "a zip archive"),
    "gzip": (lambda: b"\x1f\x8b\x08\0" + bytes(30), "a gzip archive"),
    "EPS": (lambda: save(gradient(), "EPS"), "a PostScript file"),
    "PDF": (lambda: save(gradient(), "PDF"), "a PDF document"),
    "PSD": (lambda: b"8BPS\0\x01" + bytes(6) + b"\0\x03", "a Photoshop document"),
    "FITS": (lambda: b"SIMPLE  =                    T".ljust(2880), "a text file"),
    "WMF": (lambda: b"\xd7\xcd\xc6\x9a" + bytes(40), "a file of an unknown kind"),
    "ICO": (lambda: save(gradient(), "ICO"), "a file of an unknown kind"),
    "HEIC": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC photograph"),
    "HEIC of a container's brand": (
        lambda: b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic",
        "a HEIC photograph, which is read where the package pillow-heif is installed",
    ),
    "pickle": (lambda: b"\x80\x04cos\nsystem\n.", "a file of an unknown kind"),
}

TOO_LARGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "PNG of 81 megapixels": (
        lambda: png(bytes(81_009_000), width=9000, height=9000, depth=8, kind=0),
        "9000 x 9000",
    ),
    "PNG of 144 megapixels": (
        lambda: png(b"", width=12000, height=12000, depth=8, kind=2),
        "12000 x 12000",
    ),
    "PNG of 400 megapixels": (
        lambda: png(b"", width=20000, height=20000, depth=8, kind=2),
        "20000 x 20000",
    ),
    "PNG of greatest width": (
        lambda: png(b"", width=2**31 - 1, height=1, depth=8, kind=0),
        "2147483647 x 1",
    ),
    "JPEG that only says so": (lambda: jpeg_of_size(65535, 1000), "65535 x 1000"),
    "GIF": (lambda: gif_of_size(65535, 65535), "65535 x 65535"),
    "BMP": (lambda: bmp_of_size(30000, 30000), "30000 x 30000"),
    "TIFF": (lambda: tiff_of_size(20000, 20000), "20000 x 20000"),
    "WebP canvas": (lambda: webp_canvas(16384, 16384), "16384 x 16384"),
    "lossless WebP": (lambda: webp_lossless_header(16384, 8192), "16384 x 8192"),
    "AVIF": (lambda: avif_of_size(9000, 9000), "9000 x 9000"),
    "JPEG XL": (lambda: jpeg_xl_of_size(9000), "9000 x 9000"),
    "JPEG XL in its container": (lambda: jpeg_xl_of_size(9000, container=True), "9000 x 9000"),
}

DAMAGED: dict[str, Callable[[], bytes]] = {
    "JPEG header with 69 bytes": lambda: jpeg_of_size(1000, 1000)[:69],
    "PNG with a wrong checksum": lambda: encode_png(noise(9, 9)).replace(b"IDAT", b"IDAT\1", 1),
    "PNG without data": lambda: encode_png(noise(9, 9))[:33] + chunk(b"IEND", b""),
    "JPEG without a scan": lambda: b"\xff\xd8\xff\xd9",
    "TIFF without a directory": lambda: b"II*\0\x08\0\0\0\0\0",
    "TIFF whose directory is itself": lambda: b"II*\0\x04\0\0\0" + bytes(20),
    "TIFF strips beyond the file": lambda: tiff(noise(8, 8))[:-100],
    "WebP header alone": lambda: webp_lossless_header(10, 10),
    "AVIF header alone": lambda: save(gradient(), "AVIF")[:32],
    "JPEG XL signature alone": lambda: b"\xff\x0a",
    "JPEG XL box of no length": lambda: (
        jpeg_xl_of_size(8, container=True)[:32] + struct.pack(">I4sQ", 1, b"jxlc", 3)
    ),
    "JPEG XL container without a codestream": lambda: jpeg_xl_of_size(8, container=True)[:32],
    "GIF without a frame": lambda: save(gradient(), "GIF")[:13] + b";",
    "BMP of an unknown header": lambda: b"BM" + bytes(12) + struct.pack("<I", 7) + bytes(40),
}
