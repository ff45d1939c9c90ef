"""Decodes untrusted images in worker processes, so that a crash costs one image only.

The libraries behind the image formats are written in C and C++. A file that makes one of them
crash, loop or allocate without bound ends a worker process; the next image gets a new one.
"""

import atexit
import queue
from collections.abc import Callable

from core.intake.decode import DecodedImage, check_file, decode_image
from core.intake.errors import ImageError, Limits
from core.intake.headers import check_stated_sizes
from core.intake.worker_process import Job, WorkerProcess


def decode_image_isolated(
    data: bytes,
    *,
    limits: Limits = Limits(),  # noqa: B008 frozen
    timeout_seconds: float = 20.0,
    cpu_seconds: float = 5.0,
    memory_bytes: int | None = None,
    decode: Callable[..., DecodedImage] = decode_image,
    pool: "WorkerPool | None" = None,
) -> DecodedImage:
    """What `decode_image` gives, computed in a process of its own.

    Two workers are kept ready; a call that finds both busy waits for its turn. The memory limit
    holds on Linux, the limit on processor time on POSIX systems, the timeout everywhere.

    Args:
        data: The whole file.
        limits: How large the image may be.
        timeout_seconds: Longest time that decoding may take, waiting for a turn not counted.
        cpu_seconds: Most processor time that decoding may take.
        memory_bytes: Most address space that decoding may take beyond the worker's own; None for
            what `Limits.memory_bytes` grants an image of the size in the file's header.
        decode: Function of a module, called in the worker as `decode(data, limits=limits)`.
        pool: Workers to use; those of this process when none are named.

    Raises:
        ImageError: The file is not accepted, or decoding it crashed, took too long or too much
            memory.
    """
    if decode is decode_image:
        check_file(data, limits)
    check_stated_sizes(data, limits)
    name = f"{decode.__module__}:{decode.__qualname__}"
    job = Job(data, limits, timeout_seconds, min(cpu_seconds, timeout_seconds), memory_bytes, name)
    return (pool or _POOL).run(job)


class WorkerPool:
    """A few worker processes, started when first needed and used again and again.

    Args:
        size: Most workers at a time.
        wait_seconds: Longest wait for a free worker.
    """

    def __init__(self, size: int = 2, *, wait_seconds: float = 60.0) -> None:
        self._wait_seconds = wait_seconds
        self._slots: queue.LifoQueue[WorkerProcess | None] = queue.LifoQueue()
        self._size = size
        for _ in range(size):
            self._slots.put(None)

    def run(self, job: Job) -> DecodedImage:
        """Image from a free worker.

        Raises:
            ImageError: The worker refused the file or did not survive it, or none became free.
        """
        worker = self._take()
        try:
            worker = worker or WorkerProcess()
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

    def _take(self) -> WorkerProcess | None:
        try:
            return self._slots.get(timeout=self._wait_seconds)
        except queue.Empty:
            raise ImageError(
                "Too many images are being read at the moment; please try again."
            ) from None


_POOL = WorkerPool()
atexit.register(_POOL.close)
