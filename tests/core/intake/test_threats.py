"""Every bad or unusual file of the threat list, and what the intake must make of it."""

import io
import re
import struct
import sys
import timeit
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from core.intake.decode import decode_image
from core.intake.errors import ImageError
from core.intake.notes import LARGE_PROFILE_NOTE
from core.png import encode_png

ACCEPTED = "PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF and JPEG XL are accepted."


def gradient(width: int = 64, height: int = 48) -> Image.Image:
    """Smooth colour image, which every format keeps well."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 255 - x], axis=-1).astype(np.uint8))


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, channels), dtype=np.uint8)


def save(image: Image.Image, fmt: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png(
    samples: bytes, *, width: int, height: int, depth: int, kind: int, extra: bytes = b""
) -> bytes:
    """PNG with any header; `kind` is 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(samples, 1))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def png_16(rows: list[list[int]], *, kind: int, channels: int, extra: bytes = b"") -> bytes:
    samples = b"".join(b"\0" + np.array(row, ">u2").tobytes() for row in rows)
    width = len(rows[0]) // channels
    return png(samples, width=width, height=len(rows), depth=16, kind=kind, extra=extra)


def tiff(array: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


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


def float_tiff(*values: float) -> bytes:
    return tiff(np.array([values], np.float32), photometric="minisblack")


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
    "JPEG 2000": (lambda: save(gradient(), "JPEG2000"), "a file of an unknown kind"),
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


def refusal(data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        decode_image(data)
    return str(caught.value)


@pytest.mark.parametrize("case", FOREIGN)
def test_a_file_that_is_no_image_is_refused_by_what_it_is(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    make, received = FOREIGN[case]
    sentence = refusal(make())
    assert sentence.startswith("This is not a supported image: received ")
    assert received in sentence
    assert sentence.endswith(ACCEPTED)


@pytest.mark.parametrize("case", TOO_LARGE)
def test_a_bomb_is_refused_by_its_header_before_it_costs_time_or_memory(case: str) -> None:
    make, size = TOO_LARGE[case]
    data = make()
    refusal(data)  # the first call imports the decoder
    before = start_measuring_memory()
    sentence = refusal(data)
    assert f"received {size} pixels" in sentence
    assert sentence.endswith("at most 16 megapixels are accepted.")
    assert peak_memory() - before < 20_000_000
    assert least_seconds(data) < 0.05


def least_seconds(data: bytes) -> float:
    """Seconds that a refusal takes: the least of three, as other work may disturb one."""
    return min(timeit.repeat(lambda: refusal(data), number=1, repeat=3))


def start_measuring_memory() -> int:
    """Bytes of this process in memory now; `peak_memory` counts from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


def peak_memory() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def test_a_file_of_too_many_bytes_is_refused() -> None:
    assert refusal(b"\x89PNG\r\n\x1a\n" + bytes(20_000_000)) == (
        "The file is too large: received 20.0 MB; at most 20 MB are accepted."
    )


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused_by_its_format_in_one_sentence(case: str) -> None:
    data = DAMAGED[case]()
    before = start_measuring_memory()
    sentence = refusal(data)
    assert re.fullmatch(r"The [\w ]+ file cannot be read: it is damaged, .*\.", sentence)
    assert peak_memory() - before < 50_000_000


@pytest.mark.parametrize(
    ("kind", "notes"),
    [(b"zTXt", ()), (b"iTXt", ()), (b"iCCP", (LARGE_PROFILE_NOTE,)), (b"prVt", ())],
)
def test_a_bomb_in_a_side_chunk_of_a_png_is_never_unpacked(
    kind: bytes, notes: tuple[str, ...]
) -> None:
    data = png_text_bomb(kind)
    decode_image(data)  # the first call imports the decoder
    before = start_measuring_memory()
    image = decode_image(data)
    assert peak_memory() - before < 50_000_000
    np.testing.assert_array_equal(image.pixels, np.zeros((1, 1, 3)))
    assert image.notes == notes


@pytest.mark.parametrize(
    "data",
    [png(b"", width=0, height=5, depth=8, kind=0), bmp_of_size(0, 0)],
    ids=["PNG", "BMP"],
)
def test_an_image_without_pixels_is_refused(data: bytes) -> None:
    assert "at least 1 x 1 is needed" in refusal(data) or "cannot be read" in refusal(data)


def test_what_is_not_bytes_is_refused_like_any_other_bad_input() -> None:
    assert refusal("photo.png") == "The bytes of an image are needed; received str."  # type: ignore[arg-type]


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded() -> None:
    decode_image(jpeg_with_scans(20))
    data = jpeg_with_scans(20_000)
    assert "more than 100 scans" in refusal(data)
    assert least_seconds(data) < 0.05


PNG_SIGNATURE_AND_HEADER = 33

MANY_PARTS: dict[str, Callable[[], bytes]] = {
    "PNG chunks": lambda: between(
        save(gradient(), "PNG"), PNG_SIGNATURE_AND_HEADER, chunk(b"prVt", b"") * 1_600_000
    ),
    "PNG chunks at the end": lambda: between(
        save(gradient(), "PNG"), -12, chunk(b"prVt", b"") * 1_600_000
    ),
    "JPEG segments": lambda: between(save(gradient(), "JPEG"), 2, b"\xff\xe9\0\2" * 4_900_000),
    "JPEG fill bytes": lambda: between(save(gradient(), "JPEG"), 2, b"\xff" * 19_000_000),
    "JPEG stray bytes": lambda: between(
        save(gradient(), "JPEG"), 2, b"\xff\xe9\0\2" + bytes(19_000_000)
    ),
    "JPEG lone markers": lambda: between(save(gradient(), "JPEG"), 2, b"\xff\xd0" * 9_000_000),
    "JPEG XL boxes": lambda: between(
        jpeg_xl_of_size(8, container=True), 32, struct.pack(">I4s", 8, b"free") * 2_400_000
    ),
}


def between(data: bytes, position: int, part: bytes) -> bytes:
    return data[:position] + part + data[position:]


@pytest.mark.parametrize("case", MANY_PARTS)
def test_a_file_of_countless_empty_parts_is_refused_at_once(case: str) -> None:
    data = MANY_PARTS[case]()
    sentence = refusal(data)
    assert least_seconds(data) < 0.2
    assert "more than 10,000 parts" in sentence or "JPEG XL file cannot be read" in sentence


WHOLE_FILES: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: save(gradient(), "PNG"),
    "PNG of 16 bits": lambda: imagecodecs.png_encode(noise(48, 64).astype(np.uint16) * 257),
    "JPEG": lambda: save(gradient(), "JPEG"),
    "progressive JPEG": lambda: save(gradient(), "JPEG", progressive=True),
    "WebP": lambda: save(gradient(), "WEBP"),
    "lossless WebP": lambda: save(gradient(), "WEBP", lossless=True),
    "AVIF": lambda: save(gradient(), "AVIF"),
    "TIFF": lambda: save(gradient(), "TIFF"),
    "TIFF LZW": lambda: save(gradient(), "TIFF", compression="tiff_lzw"),
    "TIFF JPEG": lambda: save(gradient(), "TIFF", compression="jpeg"),
    "TIFF of 16 bits": lambda: tiff(noise(48, 64).astype(np.uint16) * 257, photometric="rgb"),
    "BMP": lambda: save(gradient(), "BMP"),
    "GIF": lambda: save(gradient(), "GIF"),
    "JPEG XL of 16 bits": lambda: imagecodecs.jpegxl_encode(noise(48, 64).astype(np.uint16) * 257),
    "JPEG XL": lambda: imagecodecs.jpegxl_encode(np.asarray(gradient()), distance=1.0),
    "lossless JPEG XL": lambda: imagecodecs.jpegxl_encode(np.asarray(gradient()), lossless=True),
}


@pytest.mark.parametrize("case", WHOLE_FILES)
@pytest.mark.parametrize("kept", [20, 0.6, 0.95, -2, -1])
def test_a_truncated_file_is_refused_or_whole_but_never_half_a_image(
    case: str, kept: float
) -> None:
    data = WHOLE_FILES[case]()
    length = int(kept * len(data)) if 0 < kept < 1 else int(kept)
    try:
        image = decode_image(data[:length])
    except ImageError:
        return
    np.testing.assert_array_equal(image.pixels, decode_image(data).pixels)
