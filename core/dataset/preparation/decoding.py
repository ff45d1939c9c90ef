"""Decodes the images of a data set on all cores, straight into the files of its arrays."""

import hashlib
import multiprocessing
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import imagehash
import numpy as np
import PIL.Image

from core.dataset.preparation.errors import PreparationError
from core.images import Image

SIDE = 160
RESIZE = "Pillow LANCZOS (antialiasing), the whole image to 160x160 whatever its shape"
MAX_PIXELS = 32_000_000
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
#: Image files handed to a worker at a time: large enough to hide the cost of handing over,
#: small enough that the waiting ones take little memory.
_BATCH_IMAGES = 32


class Task(NamedTuple):
    """One image file and the place of its pixels: row `row` of the array in `array`."""

    id: str
    data: bytes
    array: Path
    row: int


class Traits(NamedTuple):
    """What is kept of an image beside its pixels.

    Attributes:
        id: The image's id.
        source_width: Width of the source image, in pixels.
        source_height: Height of the source image, in pixels.
        grey: Whether the three channels of the stored pixels are equal everywhere.
        phash: 64-bit perceptual hash of the stored pixels, 16 hexadecimal digits.
        pixel_sha256: Digest of the stored pixels.
    """

    id: str
    source_width: int
    source_height: int
    grey: bool
    phash: str
    pixel_sha256: bytes


def create_array(path: Path, count: int) -> None:
    """Writes an array file for `count` images, all black, which takes no space yet."""
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(count, SIDE, SIDE, 3))


def decode_all(
    tasks: Iterable[Task], *, processes: int, advance: Callable[[int], None]
) -> Iterator[Traits]:
    """Traits of every image, in no particular order; the pixels go to the array files.

    Args:
        tasks: Consumed only as fast as they are decoded, so that few are held in memory.
        processes: Number of worker processes.
        advance: Called with the number of images decoded since the last call.

    Raises:
        PreparationError: An image does not decode (it is named), or a worker died.
        OSError: An array file cannot be written.
    """
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(processes, context, initializer=_keep_silent) as pool:
            for finished in _bounded(pool, iter(tasks), at_most=2 * processes):
                traits = finished.result()
                advance(len(traits))
                yield from traits
    except BrokenProcessPool as error:
        raise PreparationError("A decoding process was killed, perhaps for memory.") from error


def _bounded(
    pool: ProcessPoolExecutor, tasks: Iterator[Task], *, at_most: int
) -> Iterator[Future[list[Traits]]]:
    """Finished batches, while at most `at_most` of them wait or run."""
    pending: set[Future[list[Traits]]] = set()
    while batch := list(islice(tasks, _BATCH_IMAGES)):
        pending.add(pool.submit(_decode_batch, batch))
        if len(pending) >= at_most:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            yield from done
    yield from wait(pending).done


def _keep_silent() -> None:
    """Leaves Ctrl-C to the parent, and says nothing of oddities in images that decode."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")


def _decode_batch(tasks: list[Task]) -> list[Traits]:
    return [_decode(task) for task in tasks]


def _decode(task: Task) -> Traits:
    image = _open(task)
    width, height = image.size
    pixels = np.asarray(stored_image(image))
    _write_row(task.array, task.row, pixels)
    return Traits(
        id=task.id,
        source_width=width,
        source_height=height,
        grey=bool((pixels == pixels[:, :, :1]).all()),
        phash=str(imagehash.phash(PIL.Image.fromarray(pixels))),
        pixel_sha256=hashlib.sha256(pixels.tobytes()).digest(),
    )


def _open(task: Task) -> PIL.Image.Image:
    """The image, decoded.

    Raises:
        PreparationError: It does not decode or is too large.
    """
    try:
        image = PIL.Image.open(BytesIO(task.data), formats=_FORMATS)
        if image.width * image.height <= MAX_PIXELS:
            image.load()
            return image
    except Exception as error:  # Pillow's readers raise six unrelated types on damaged files
        raise PreparationError(f"The image {task.id} does not decode: {error}.") from error
    raise PreparationError(
        f"The image {task.id} is {image.width}x{image.height}; "
        f"at most {MAX_PIXELS} pixels are read."
    )


def stored_image(image: PIL.Image.Image) -> PIL.Image.Image:
    """The image as the data set keeps it: RGB, the whole of it resized to 160x160."""
    return image.convert("RGB").resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS)


def _write_row(path: Path, row: int, pixels: Image) -> None:
    """Writes pixels into an array file.

    By seek and write, for a mapped write meets a full disk with a signal that kills the process,
    and its pages would count as memory.
    """
    with path.open("r+b") as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"{path.name} must be a NumPy file 1.0; received {version}.")
        np.lib.format.read_array_header_1_0(file)
        file.seek(row * pixels.nbytes, 1)
        file.write(pixels.tobytes())
