"""Every bad or unusual file of the threat list, and what the intake must make of it."""

import re
import struct
import sys
import timeit
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from core.intake.decode import decode_image
from core.intake.errors import ImageError
from core.intake.notes import LARGE_PROFILE_NOTE
from tests.core.intake.image_files import chunk, gradient, noise, png, save, tiff
from tests.core.intake.threat_files import (
    DAMAGED,
    FOREIGN,
    TOO_LARGE,
    bmp_of_size,
    jpeg_with_scans,
    jpeg_xl_of_size,
    png_text_bomb,
)

ACCEPTED = "PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF, JPEG 2000, JPEG XR and JPEG XL are accepted."


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
def test_a_truncated_file_is_refused_or_whole_but_never_half_an_image(
    case: str, kept: float
) -> None:
    data = WHOLE_FILES[case]()
    length = int(kept * len(data)) if 0 < kept < 1 else int(kept)
    try:
        image = decode_image(data[:length])
    except ImageError:
        return
    np.testing.assert_array_equal(image.pixels, decode_image(data).pixels)
