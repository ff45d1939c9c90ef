"""Decodes untrusted images in worker processes, so that a crash costs one image only.

The libraries behind the image formats are written in C and C++. A file that makes one of them
crash, loop or allocate without bound ends a worker process; the next image gets a new one.
"""

import atexit
import math
import threading
import time
from collections.abc import Callable
from functools import partial

from core.intake.decode import DecodedImage, check_file, decode_image
from core.intake.errors import IntakeBusy, Limits
from core.intake.headers import check_stated_sizes
from core.intake.worker_process import POLL_SECONDS, Job, WorkerProcess

#: Longest wait for a turn.
MAX_WAIT_SECONDS = 30.0

_BUSY = "Too many images are being read at the moment; please try again in a minute."

#: Receives the number of images that are decoded before one, None while it is decoded.
ShowPlace = Callable[[int | None], None]


def decode_image_isolated(
    data: bytes,
    *,
    limits: Limits = Limits(),  # noqa: B008 frozen
    timeout_seconds: float | None = None,
    memory_bytes: int | None = None,
    decode: Callable[..., DecodedImage] = decode_image,
    pool: "WorkerPool | None" = None,
    show: ShowPlace | None = None,
) -> DecodedImage:
    """What `decode_image` gives, computed in a process of its own.

    Two workers are kept ready; a call that finds both busy waits for its turn, and those that came
    before it are served before it. The memory limit
    holds on Linux, the limit on processor time on POSIX systems, the timeout everywhere.

    Args:
        data: The whole file.
        limits: How large the image may be.
        timeout_seconds: Longest time that decoding may take, waiting for a turn not counted; None
            for four times the most processor time that the limits grant.
        memory_bytes: Most address space that decoding may take beyond the worker's own; None for
            what `Limits.memory_bytes` grants an image of the size in the file's header, as
            `Limits.processor_seconds` grants it processor time.
        decode: Function of a module, called in the worker as `decode(data, limits=limits)`.
        pool: Workers to use; those of this process when none are named.
        show: Called several times a second until the image is there. What it raises ends the wait
            or the decoding at once.

    Raises:
        IntakeBusy: Its turn did not come within the longest wait.
        ImageError: The file is not accepted, or decoding it crashed, took too long or too much
            memory.
    """
    if decode is decode_image:
        check_file(data, limits)
    check_stated_sizes(data, limits)
    name = f"{decode.__module__}:{decode.__qualname__}"
    job = Job(data, limits, timeout_seconds or 4 * limits.max_seconds, memory_bytes, name)
    return (pool or _POOL).run(job, show)


class WorkerPool:
    """A few worker processes, started when first needed and used again and again.

    Those who wait for one are served in the order in which they came.

    Args:
        size: Most workers at a time.
        wait_seconds: Longest wait for a free worker.
    """

    def __init__(self, size: int = 2, *, wait_seconds: float = MAX_WAIT_SECONDS) -> None:
        self._wait_seconds = wait_seconds
        self._size = size
        self._idle: list[WorkerProcess | None] = [None] * size
        self._waiting: list[object] = []
        self._changed = threading.Condition()

    def run(self, job: Job, show: ShowPlace | None = None) -> DecodedImage:
        """Image from a free worker.

        Args:
            job: The file and what decoding may cost.
            show: As `decode_image_isolated` takes it.

        Raises:
            IntakeBusy: None became free.
            ImageError: The worker refused the file or did not survive it.
        """
        worker = self._take(self._wait_seconds, show)
        try:
            worker = worker or WorkerProcess()
            return worker.run(job, partial(show, None) if show else None)
        finally:
            if worker and not worker.is_usable():
                worker.stop()
                worker = None
            self._give_back(worker)

    def close(self) -> None:
        """Ends all workers; a later call starts new ones."""
        for worker in [self._take(math.inf) for _ in range(self._size)]:
            if worker:
                worker.stop()
            self._give_back(None)

    def _take(self, wait_seconds: float, show: ShowPlace | None = None) -> WorkerProcess | None:
        """A worker that is free; None for one that is yet to be started."""
        turn, end = object(), time.monotonic() + wait_seconds
        with self._changed:
            self._waiting.append(turn)
        try:
            while True:
                with self._changed:
                    if self._idle and self._waiting[0] is turn:
                        return self._idle.pop()
                    if time.monotonic() > end:
                        raise IntakeBusy(_BUSY)
                    self._changed.wait(min(POLL_SECONDS, wait_seconds))
                    before = self._waiting.index(turn)
                if show:
                    show(before)
        finally:
            with self._changed:
                self._waiting.remove(turn)
                self._changed.notify_all()

    def _give_back(self, worker: WorkerProcess | None) -> None:
        with self._changed:
            self._idle.append(worker)
            self._changed.notify_all()


_POOL = WorkerPool()
atexit.register(_POOL.close)
