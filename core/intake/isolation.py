"""Decodes strangers' images in worker processes, so that a crash costs one upload only.

The libraries behind the image formats are written in C and C++. A file that makes one of them
crash, loop or eat memory ends a worker process, not the server; the next image gets a new one.
"""

import atexit
import contextlib
import io
import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import BinaryIO, NamedTuple, cast

import numpy as np

from core.intake.decode import DecodedImage, check_file, decode_image
from core.intake.errors import ImageError, Limits

#: A worker is replaced after so many images, which bounds what leaks in C libraries can add up.
_IMAGES_PER_WORKER = 200

_START_SECONDS = 60.0
_MAX_HEAD_BYTES = 100_000


class _Job(NamedTuple):
    data: bytes
    limits: Limits
    timeout_seconds: float
    memory_bytes: int
    decode: str


def decode_image_isolated(
    data: bytes,
    *,
    limits: Limits = Limits(),  # noqa: B008 frozen
    timeout_seconds: float = 10.0,
    memory_bytes: int = 1_000_000_000,
    decode: Callable[..., DecodedImage] = decode_image,
    pool: "WorkerPool | None" = None,
) -> DecodedImage:
    """What `decode_image` gives, computed in a process of its own.

    Two workers are kept ready; a call that finds both busy waits for its turn. The memory limit
    holds on Linux, the limit on computing time on POSIX systems, the timeout everywhere.

    Args:
        data: The whole file.
        limits: How large the image may be.
        timeout_seconds: Most seconds that decoding may take, waiting for a turn not counted.
        memory_bytes: Most address space that decoding may take beyond the worker's own.
        decode: Function of a module, called in the worker as `decode(data, limits=limits)`.
        pool: Workers to use; those of this process when none are named.

    Raises:
        ImageError: The file is not accepted, or decoding it crashed, took too long or too much
            memory.
    """
    check_file(data, limits)
    name = f"{decode.__module__}:{decode.__qualname__}"
    return (pool or _POOL).run(_Job(data, limits, timeout_seconds, memory_bytes, name))


class _Refused(Exception):
    """What a sound worker says of a file that is not accepted."""


class WorkerPool:
    """A few worker processes, started when first needed and used again and again.

    Args:
        size: Most workers at a time.
        wait_seconds: Longest wait for a free worker.
    """

    def __init__(self, size: int = 2, *, wait_seconds: float = 60.0) -> None:
        self._wait_seconds = wait_seconds
        self._slots: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._size = size
        for _ in range(size):
            self._slots.put(None)

    def run(self, job: _Job) -> DecodedImage:
        """Image from a free worker.

        Raises:
            ImageError: The worker refused the file or did not survive it, or none became free.
        """
        worker = self._take()
        try:
            worker = worker or _Worker()
            return worker.run(job)
        finally:
            if worker and not worker.is_usable():
                worker.stop()
                worker = None
            self._slots.put(worker)

    def close(self) -> None:
        """Ends all workers; a later call starts new ones."""
        idle = [self._slots.get() for _ in range(self._size)]
        for worker in idle:
            if worker:
                worker.stop()
            self._slots.put(None)

    def _take(self) -> "_Worker | None":
        try:
            return self._slots.get(timeout=self._wait_seconds)
        except queue.Empty:
            raise ImageError(
                "Too many images are being read at the moment; please try again."
            ) from None


class _Worker:
    """One process that decodes one image at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "core.intake.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_worker_environment(),
        )
        self._requests = cast(BinaryIO, self._process.stdin)
        self._answers = cast(io.BufferedReader, self._process.stdout)
        self._left = _IMAGES_PER_WORKER
        with self._deadline(_START_SECONDS):
            if not self._answers.readline(_MAX_HEAD_BYTES):
                self.stop()
                raise ImageError("The image cannot be read: no worker process could be started.")

    def run(self, job: _Job) -> DecodedImage:
        """Image that the worker decodes; the worker is gone when it did not survive.

        Raises:
            ImageError: The worker refused the file or did not survive it.
        """
        self._left -= 1
        with self._deadline(job.timeout_seconds) as expired:
            try:
                self._send(job)
                return self._receive(job.limits)
            except _Refused as refusal:
                raise ImageError(str(refusal)) from None
            except Exception:  # a broken pipe, or an answer that no sound worker gives
                self._process.kill()
                status = self._process.wait()
                raise ImageError(_explain(job, status, expired.is_set())) from None

    def is_usable(self) -> bool:
        """Whether the worker can take another image."""
        return self._left > 0 and self._process.poll() is None

    def stop(self) -> None:
        """Ends the process and closes its pipes."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):  # closing flushes what the dead process never read
            self._requests.close()
        self._answers.close()

    @contextlib.contextmanager
    def _deadline(self, seconds: float) -> Iterator[threading.Event]:
        """Kills the process when the body takes too long, which ends every wait for it."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self._process.kill()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            yield expired
        finally:
            timer.cancel()

    def _send(self, job: _Job) -> None:
        request = {
            "bytes": len(job.data),
            "limits": asdict(job.limits),
            "cpu_seconds": math.ceil(job.timeout_seconds),
            "memory_bytes": job.memory_bytes,
            "decode": job.decode,
        }
        self._requests.write(json.dumps(request).encode() + b"\n")
        self._requests.write(job.data)
        self._requests.flush()

    def _receive(self, limits: Limits) -> DecodedImage:
        """Image from the answer, which is trusted no more than the file was."""
        answer = json.loads(self._answers.readline(_MAX_HEAD_BYTES))
        if "error" in answer:
            raise _Refused(answer["error"])
        height, width, channels = (int(side) for side in answer["shape"])
        limits.check_size(width, height)
        pixels = np.empty((height, width, channels), np.uint8)
        if channels != 3 or self._answers.readinto(pixels.data.cast("B")) != pixels.size:
            raise EOFError("The worker ended in the middle of its answer.")
        notes = tuple(str(note) for note in answer["notes"])
        return DecodedImage(pixels, str(answer["format"]), notes)


def _worker_environment() -> dict[str, str]:
    """Variables of the worker: the same modules, and no thread pools that fill address space."""
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    return os.environ | threads | {"PYTHONPATH": paths}


def _explain(job: _Job, status: int, expired: bool) -> str:
    if expired or status == -getattr(signal, "SIGXCPU", 0):
        reason = f"took longer than {job.timeout_seconds:g} seconds"
    else:
        reason = "broke the decoder"
    return f"The file is refused: reading it {reason}."


_POOL = WorkerPool()
atexit.register(_POOL.close)
