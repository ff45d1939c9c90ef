"""Decoders that crash, hang or eat memory, and the processes that run them."""

import os
import threading
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from core.intake.errors import ImageError
from core.intake.isolation import WorkerPool, decode_image_isolated
from core.png import encode_png
from tests.waiting import wait_until

#: Decoders that do what a broken C library does; the worker imports them by name.
HOSTILE = """
import ctypes, os, pathlib, resource, sys, time
import numpy as np
from core.intake.decode import DecodedImage, decode_image

def mark(name):
    pathlib.Path(__file__).with_name(name).touch()

def abort(data, *, limits):
    mark("abort")
    os.abort()

def read_null(data, *, limits):
    mark("read_null")
    ctypes.string_at(0)

def leave(data, *, limits):
    mark("leave")
    os._exit(0)

def raise_foreign(data, *, limits):
    mark("raise_foreign")
    raise RuntimeError("not an ImageError")

def sleep(data, *, limits):
    mark("sleep")
    time.sleep(600)

def compute(data, *, limits):
    mark("compute")
    while True:
        pass

def eat_memory(data, *, limits):
    mark("eat_memory")
    blocks = []
    while True:
        blocks.append(bytearray(b"x" * 10_000_000))

def fill_memory(data, *, limits):
    blocks = []
    try:
        while True:
            blocks.append(bytearray(1_000_000))
    except MemoryError:
        count = len(blocks)
        blocks.clear()
    return DecodedImage(np.zeros((1, 1, 3), np.uint8), "PNG", (str(count * 1_000_000),))

def tell_seconds(data, *, limits):
    seconds = resource.getrlimit(resource.RLIMIT_CPU)[0] - time.process_time()
    return DecodedImage(np.zeros((1, 1, 3), np.uint8), "PNG", (str(seconds),))

def answer_four_channels(data, *, limits):
    mark("answer_four_channels")
    return DecodedImage(np.zeros((5, 5, 4), np.uint8), "PNG")

def answer_too_many_pixels(data, *, limits):
    mark("answer_too_many_pixels")
    return DecodedImage(np.zeros((4001, 4000, 3), np.uint8), "PNG")

def print_and_decode(data, *, limits):
    os.write(1, b"libpng warning: printed to standard output")
    print("more of it", flush=True)
    return decode_image(data, limits=limits)

def tell_modules(data, *, limits):
    return DecodedImage(np.zeros((1, 1, 3), np.uint8), "PNG", tuple(sorted(sys.modules)))

def tell_process(data, *, limits):
    return DecodedImage(np.zeros((1, 1, 3), np.uint8), "PNG", (str(os.getpid()),))
"""


PIXELS = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)


PNG = encode_png(PIXELS)


def process_of(pool: WorkerPool, hostile: ModuleType) -> int:
    image = decode_image_isolated(PNG, decode=hostile.tell_process, pool=pool)
    return int(image.notes[0])


def ran(name: str, hostile: ModuleType) -> bool:
    return Path(str(hostile.__file__)).with_name(name).exists()


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def refuse_after(seconds: float, hostile: ModuleType, pool: WorkerPool) -> None:
    with pytest.raises(ImageError, match="took longer"):
        decode_image_isolated(PNG, decode=hostile.sleep, timeout_seconds=seconds, pool=pool)


def busy_for(seconds: float, hostile: ModuleType, pool: WorkerPool) -> threading.Thread:
    """A thread whose image keeps the only process of a pool busy, from now on."""
    mark = Path(str(hostile.__file__)).with_name("sleep")
    mark.unlink(missing_ok=True)  # an earlier test may have left it
    busy = threading.Thread(target=lambda: refuse_after(seconds, hostile, pool))
    busy.start()
    wait_until(mark.exists)
    return busy


def is_zombie(process: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # nobody knows of it any more
        return False


class Left(BaseException):
    """What Streamlit raises in the page of a visitor who left."""


def leave_page(before: int | None) -> None:
    raise Left
