"""Files damaged at random: an image or one sentence comes out, in bounded time and memory."""

import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from core.images import check_image
from core.intake.decode import DecodedImage, decode_image
from core.intake.errors import ImageError
from core.intake.isolation import decode_image_isolated

#: Of the processor, in this process; of the clock, where another one decodes, which may wait.
_MAX_SECONDS, _MAX_ISOLATED_SECONDS = 5, 60
_MAX_GROWTH = 300_000_000


def gradient(mode: str) -> Image.Image:
    x, y = np.meshgrid(np.linspace(0, 255, 96), np.linspace(0, 255, 64))
    planes = np.stack([x, y, 255 - x, (x + y) / 2], axis=-1).astype(np.uint8)
    return Image.fromarray(planes, "RGBA").convert(mode)


def save(mode: str, fmt: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    gradient(mode).save(buffer, fmt, exif=exif, **options)
    return buffer.getvalue()


def animated(fmt: str) -> bytes:
    return save("RGB", fmt, save_all=True, append_images=[gradient("RGB").rotate(90)])


def deep_tiff(**options: object) -> bytes:
    buffer = io.BytesIO()
    pixels = np.asarray(gradient("RGB")).astype(np.uint16) * 257
    if options.get("planarconfig") == "separate":
        pixels = np.moveaxis(pixels, -1, 0)
    tifffile.imwrite(buffer, pixels, photometric="rgb", **options)
    return buffer.getvalue()


def heic() -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(gradient("RGB")).save(buffer)
    return buffer.getvalue()


#: A few kinds of each format, so that mutations meet most paths of its decoder.
SEEDS: dict[str, list[Callable[[], bytes]]] = {
    "PNG": [
        lambda: save("RGBA", "PNG"),
        lambda: save("P", "PNG", transparency=3),
        lambda: save("RGB", "PNG", compress_level=0),
        lambda: animated("PNG"),
        lambda: imagecodecs.png_encode(np.asarray(gradient("RGBA")).astype(np.uint16) * 257),
    ],
    "JPEG": [
        lambda: save("RGB", "JPEG"),
        lambda: save("RGB", "JPEG", progressive=True),
        lambda: save("CMYK", "JPEG"),
    ],
    "WebP": [
        lambda: save("RGB", "WEBP"),
        lambda: save("RGBA", "WEBP", lossless=True),
        lambda: animated("WEBP"),
    ],
    "TIFF": [
        lambda: save("RGB", "TIFF"),
        lambda: save("RGBA", "TIFF", compression="tiff_lzw"),
        lambda: save("RGB", "TIFF", compression="jpeg"),
        lambda: save("CMYK", "TIFF"),
        lambda: deep_tiff(),
        lambda: deep_tiff(compression="lzw", planarconfig="separate", bigtiff=True, byteorder=">"),
    ],
    "BMP": [lambda: save("RGB", "BMP"), lambda: save("P", "BMP")],
    "GIF": [lambda: save("P", "GIF"), lambda: animated("GIF")],
    "AVIF": [lambda: save("RGB", "AVIF"), lambda: save("RGBA", "AVIF")],
    "JPEG XL": [
        lambda: imagecodecs.jpegxl_encode(np.asarray(gradient("RGB")), distance=1.0),
        lambda: imagecodecs.jpegxl_encode(
            np.asarray(gradient("RGBA")), lossless=True, usecontainer=True
        ),
        lambda: imagecodecs.jpegxl_encode(np.asarray(gradient("RGB")).astype(np.uint16) * 257),
    ],
    "HEIC": [lambda: heic()],
    "JPEG 2000": [
        lambda: save("RGB", "JPEG2000"),
        lambda: save("RGBA", "JPEG2000", quality_mode="dB", quality_layers=[30]),
        lambda: save("RGB", "JPEG2000", no_jp2=True),
        lambda: imagecodecs.jpeg2k_encode(np.asarray(gradient("L")).astype(np.uint16) * 257),
    ],
    "JPEG XR": [
        lambda: imagecodecs.jpegxr_encode(np.asarray(gradient("RGB")), level=0.8),
        lambda: imagecodecs.jpegxr_encode(np.asarray(gradient("L")), level=0.3),
    ],
}


def flip_bits(data: bytearray, random: np.random.Generator) -> None:
    for position in random.integers(0, len(data), random.integers(1, 9)):
        data[position] ^= 1 << int(random.integers(8))


def overwrite(data: bytearray, random: np.random.Generator) -> None:
    start = int(random.integers(len(data)))
    count = int(random.integers(1, 17))
    data[start : start + count] = random.bytes(len(data[start : start + count]))


def strike_the_header(data: bytearray, random: np.random.Generator) -> None:
    position = int(random.integers(min(len(data), 200)))
    count = int(random.choice([1, 2, 4]))
    data[position : position + count] = bytes([random.choice([0, 1, 127, 128, 255])]) * count


def cut_out(data: bytearray, random: np.random.Generator) -> None:
    start = int(random.integers(len(data)))
    del data[start : start + int(random.integers(1, 200))]


def repeat_a_part(data: bytearray, random: np.random.Generator) -> None:
    start = int(random.integers(len(data)))
    part = data[start : start + int(random.integers(1, 200))]
    data[start:start] = part * int(random.integers(1, 20))


def truncate(data: bytearray, random: np.random.Generator) -> None:
    del data[int(random.integers(len(data))) :]


def append_itself(data: bytearray, random: np.random.Generator) -> None:
    data[int(random.integers(len(data))) :] = bytes(data)


MUTATIONS = [
    flip_bits,
    overwrite,
    strike_the_header,
    cut_out,
    repeat_a_part,
    truncate,
    append_itself,
]


#: Decoders that crash on some damaged files, as they may in a process of their own.
CRASHING = {"JPEG XR"}
IN_PROCESS = [name for name in SEEDS if name not in CRASHING]


class Tally(NamedTuple):
    """How many damaged files gave an image, and how many a sentence."""

    images: int
    refusals: int


def survive_mutations(name: str, *, count: int, seed: int) -> Tally:
    random = np.random.default_rng([seed, *name.encode()])
    originals = [make() for make in SEEDS[name]]
    decode_image(originals[0])  # the first call imports the decoder
    before = start_measuring_memory()
    images = sum(survive(mutate(originals, random)) for _ in range(count))
    assert peak_memory() - before < _MAX_GROWTH
    return Tally(images, count - images)


def mutate(originals: list[bytes], random: np.random.Generator) -> bytes:
    data = bytearray(originals[random.integers(len(originals))])
    for change in random.choice(MUTATIONS, random.integers(1, 3)):
        if data:
            change(data, random)
    return bytes(data)


def survive(data: bytes, decode: Callable[[bytes], DecodedImage] = decode_image) -> bool:
    """Whether an image came out; any end but an image or one sentence in time is a failure."""
    in_process = decode is decode_image
    clock = time.process_time if in_process else time.perf_counter
    started = clock()
    sentence = None
    try:
        check_image(decode(data).pixels)
    except ImageError as error:
        sentence = str(error)
    assert clock() - started < (_MAX_SECONDS if in_process else _MAX_ISOLATED_SECONDS)
    assert sentence is None or re.fullmatch(r"[^\n]{20,200}\.", sentence)
    return sentence is None


def start_measuring_memory() -> int:
    """Bytes of this process in memory now; `peak_memory` counts from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


def peak_memory() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


# Damaged files make Pillow warn; what the server does with a warning is not the intake's matter.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", IN_PROCESS)
def test_a_damaged_file_gives_an_image_or_one_sentence(name: str) -> None:
    tally = survive_mutations(name, count=300, seed=0)
    assert tally.images > 0
    assert tally.refusals > 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("count", [3_000, pytest.param(10_000, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("name", IN_PROCESS)
def test_many_damaged_files_give_an_image_or_one_sentence(name: str, count: int) -> None:
    survive_mutations(name, count=count, seed=1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(CRASHING))
def test_where_a_damaged_file_crashes_the_decoder_the_caller_gets_one_sentence(name: str) -> None:
    random = np.random.default_rng([2, *name.encode()])
    originals = [make() for make in SEEDS[name]]
    files = [mutate(originals, random) for _ in range(400)]
    images = sum(survive(data, decode_image_isolated) for data in files)
    assert 0 < images < len(files)
