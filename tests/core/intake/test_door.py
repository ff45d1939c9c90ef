"""One door: every entry reads within the same limits, before anything is allocated."""

import io
import os
import struct
import threading
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from core.intake.decode import DecodedImage, decode_image
from core.intake.door import read_bounded, read_image
from core.intake.errors import ImageError, Limits
from core.intake.isolation import ShowPlace, WorkerPool, decode_image_isolated
from core.intake.notes import ALPHA_NOTE
from core.intake.worker_process import Job

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def save(fmt: str, image: Image.Image | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    (image or Image.fromarray(PIXELS)).save(buffer, fmt, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("given", ["path", "bytes"])
def test_an_image_comes_with_what_was_changed(given: str, tmp_path: Path) -> None:
    data = save("PNG", Image.new("RGBA", (3, 2), (255, 0, 0, 0)))
    path = tmp_path / "clear.png"
    path.write_bytes(data)
    image = read_image(path if given == "path" else data)
    assert (image.pixels == 255).all()
    assert (image.format, image.notes) == ("PNG", (ALPHA_NOTE,))


def test_a_sparse_file_is_refused_by_its_length_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.png"
    with path.open("wb") as file:
        file.truncate(30_000_000_000)
    with pytest.raises(ImageError, match=r"received 30000\.0 MB; at most 200 MB are accepted"):
        read_image(path)


def test_a_pipe_without_end_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    written = 0

    def write() -> None:
        nonlocal written
        try:
            with path.open("wb", buffering=0) as pipe:
                while True:
                    written += pipe.write(bytes(65_536))
        except BrokenPipeError:
            return

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(ImageError, match="at most 1 MB are accepted"):
        read_bounded(path, Limits(max_bytes=1_000_000))
    writer.join()
    assert written < 2_000_000


def test_an_image_from_a_pipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(save("PNG"),))
    writer.start()
    np.testing.assert_array_equal(read_image(path).pixels, PIXELS)
    writer.join()


def test_a_device_is_refused() -> None:
    with pytest.raises(ImageError, match="device"):
        read_image(Path("/dev/zero"))


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "nowhere.png")


def jpeg_2000_of_size(width: int, height: int, *, in_container: bool = True) -> bytes:
    """JPEG 2000 whose codestream states a size; the container keeps the true one or states it."""
    data = bytearray(save("JPEG2000"))
    start = data.index(b"\xff\x4f\xff\x51")
    struct.pack_into(">4I", data, start + 8, width, height, 0, 0)
    struct.pack_into(">II", data, start + 24, width, height)
    if in_container:
        struct.pack_into(">II", data, data.index(b"ihdr") + 4, height, width)
    return bytes(data)


def test_jpeg_2000_is_read_as_every_other_format() -> None:
    image = read_image(save("JPEG2000"))
    np.testing.assert_array_equal(image.pixels, PIXELS)
    assert image.format == "JPEG 2000"


@pytest.mark.parametrize(
    "data",
    [
        jpeg_2000_of_size(12_000, 12_000),
        jpeg_2000_of_size(12_000, 12_000, in_container=False),
        jpeg_2000_of_size(12_000, 12_000)[80:],
    ],
    ids=["both headers", "codestream alone", "without a container"],
)
def test_a_huge_jpeg_2000_is_refused_by_whichever_header_states_it(data: bytes) -> None:
    data = data[data.index(b"\xff\x4f\xff\x51") :] if not data.startswith(b"\0\0\0\x0c") else data
    with pytest.raises(ImageError, match="received 12000 x 12000 pixels"):
        decode_image(data)


def test_the_limits_reach_every_decoder() -> None:
    small = Limits(max_pixels=500)
    for fmt in ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "JPEG2000"):
        with pytest.raises(ImageError, match="received 30 x 20 pixels"):
            decode_image(save(fmt), limits=small)


HUGE = {
    "PNG": lambda: resized(save("PNG"), 16, ">II"),
    "WebP": lambda: resized(save("WEBP", lossless=True), 21, "<I", packed=True),
    "JPEG 2000": lambda: jpeg_2000_of_size(12_000, 12_000),
    "JPEG XL": lambda: bytes(
        imagecodecs.jpegxl_encode(np.zeros((9000, 9000), np.uint8), lossless=True, effort=1)
    ),
}


def resized(data: bytes, position: int, layout: str, *, packed: bool = False) -> bytes:
    """The file with 12,000 x 12,000 pixels in its header."""
    changed = bytearray(data)
    values = (11_999 | 11_999 << 14,) if packed else (12_000, 12_000)
    struct.pack_into(layout, changed, position, *values)
    return bytes(changed)


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_image_is_refused_before_a_process_is_given_the_work(name: str) -> None:
    class NoWorkers(WorkerPool):
        def run(self, job: Job, show: ShowPlace | None = None) -> DecodedImage:
            raise AssertionError("A worker was asked.")

    with pytest.raises(ImageError, match=r"received (9000 x 9000|12000 x 12000) pixels"):
        decode_image_isolated(HUGE[name](), pool=NoWorkers(1))
