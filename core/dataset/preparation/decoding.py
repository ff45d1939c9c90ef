"""Decodes the images of a data set through the intake, into the files of its arrays."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

import imagehash
import numpy as np
import PIL.Image

from core.dataset.compressed_before import jpeg_note
from core.dataset.preparation.errors import PreparationError
from core.images import Image
from core.intake.door import DEFAULT_LIMITS
from core.intake.errors import ImageError
from core.intake.isolation import WorkerPool, decode_image_isolated

SIDE = 160
RESIZE = "Pillow LANCZOS (antialiasing), the whole image to 160x160 whatever its shape"
#: Tasks in flight per process: enough to keep it busy, few enough to bound the memory.
_WAITING = 8


class Task(NamedTuple):
    """One image file, and the row of the array file `array` that its pixels are written to."""

    id: str
    data: bytes
    array: Path
    row: int


class Traits(NamedTuple):
    """Metadata of a stored image.

    Attributes:
        id: The image's id.
        source_width: Width of the source image, in pixels.
        source_height: Height of the source image, in pixels.
        grey: Whether the three channels of the stored pixels are equal everywhere.
        phash: 64-bit perceptual hash of the stored pixels, 16 hexadecimal digits.
        pixel_sha256: Digest of the stored pixels.
        notes: Notes of the decoder on what it changed, and on blocks of an earlier JPEG file that
            are left in the stored pixels.
        format: Name of the source file's format.
    """

    id: str
    source_width: int
    source_height: int
    grey: bool
    phash: str
    pixel_sha256: bytes
    notes: tuple[str, ...] = ()
    format: str = ""


def create_array(path: Path, count: int) -> None:
    """Creates a sparse .npy file for `count` black images of 160x160, uint8."""
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(count, SIDE, SIDE, 3))


def decode_all(
    tasks: Iterable[Task], *, processes: int, advance: Callable[[int], None]
) -> Iterator[Traits]:
    """Decodes all images into the array files; yields their traits in no particular order.

    Args:
        tasks: Consumed lazily, so that few encoded images are in memory at a time.
        processes: Number of processes that decode.
        advance: Called with the number of images decoded since the last call.

    Raises:
        PreparationError: An image is not accepted; it is named.
        OSError: An array file cannot be written.
    """
    pool = WorkerPool(processes)
    threads = ThreadPoolExecutor(processes)
    try:
        for finished in _bounded(threads, pool, iter(tasks), at_most=_WAITING * processes):
            traits = finished.result()
            advance(1)
            yield traits
    finally:
        threads.shutdown(cancel_futures=True)
        pool.close()


def _bounded(
    threads: ThreadPoolExecutor, pool: WorkerPool, tasks: Iterator[Task], *, at_most: int
) -> Iterator[Future[Traits]]:
    """Results of the tasks, of which at most `at_most` are in flight at a time."""
    pending: set[Future[Traits]] = set()
    for task in tasks:
        pending.add(threads.submit(_decode, task, pool))
        if len(pending) >= at_most:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            yield from done
    yield from wait(pending).done


def _decode(task: Task, pool: WorkerPool) -> Traits:
    try:
        image = decode_image_isolated(task.data, limits=DEFAULT_LIMITS, pool=pool)
    except ImageError as error:
        raise PreparationError(f"The image {task.id} does not decode: {error}") from error
    height, width = image.pixels.shape[:2]
    pixels = np.asarray(stored_image(PIL.Image.fromarray(image.pixels)))
    _write_row(task.array, task.row, pixels)
    return Traits(
        id=task.id,
        source_width=width,
        source_height=height,
        grey=bool((pixels == pixels[:, :, :1]).all()),
        phash=str(imagehash.phash(PIL.Image.fromarray(pixels))),
        pixel_sha256=hashlib.sha256(pixels.tobytes()).digest(),
        notes=(*image.notes, *filter(None, [jpeg_note(pixels)])),
        format=image.format,
    )


def stored_image(image: PIL.Image.Image) -> PIL.Image.Image:
    """RGB pixels resized to 160x160 without cropping, uint8, shape (160, 160, 3)."""
    return image.convert("RGB").resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS)


def _write_row(path: Path, row: int, pixels: Image) -> None:
    """Writes pixels into an array file.

    By seek and write: with a memory-mapped file a full disk would raise a signal that kills the
    process, and the pages would count as memory.
    """
    with path.open("r+b") as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"{path.name} must be a NumPy file 1.0; received {version}.")
        np.lib.format.read_array_header_1_0(file)
        file.seek(row * pixels.nbytes, 1)
        file.write(pixels.tobytes())
