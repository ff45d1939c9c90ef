"""One worker process as its parent sees it: start, one job at a time, deadline, end."""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from core.intake.decode import DecodedImage
from core.intake.errors import DecoderFailed, ImageError, Limits
from core.jobs.deadline import killed_after

#: A worker is replaced after so many images, which bounds what leaks in C libraries can add up.
_IMAGES_PER_WORKER = 200

_START_SECONDS = 60.0

#: Time between two looks for an answer or a free worker.
POLL_SECONDS = 0.2

#: Most bytes of the JSON message that describes an answer.
_MAX_MESSAGE_BYTES = 100_000


class Job(NamedTuple):
    """One file to decode and what decoding may cost; see `decode_image_isolated`."""

    data: bytes
    limits: Limits
    timeout_seconds: float
    memory_bytes: int | None
    decode: str


class _Refused(Exception):
    """The worker does not accept the file and goes on."""


class WorkerProcess:
    """A process that decodes one image at a time.

    Messages are bounded byte strings (JSON, then raw bytes); nothing is pickled. The process
    ends when its standard input closes, so it never outlives its parent, however that ends.
    """

    def __init__(self) -> None:
        self._connection, inner = multiprocessing.Pipe()
        self._process = _start(inner)
        inner.close()
        self._left = _IMAGES_PER_WORKER
        try:
            with killed_after(self._process, _START_SECONDS):
                self._connection.recv_bytes(_MAX_MESSAGE_BYTES)
        except (EOFError, OSError):
            self.stop()
            raise DecoderFailed(
                "The image cannot be read: no worker process could be started."
            ) from None

    def run(self, job: Job, show: Callable[[], None] | None = None) -> DecodedImage:
        """Image that the worker decodes; the worker is gone when it did not survive.

        Args:
            job: The file and what decoding may cost.
            show: Called several times a second until there is an answer; the worker is ended by
                whatever it raises.

        Raises:
            ImageError: The worker refused the file or did not survive it.
        """
        self._left -= 1
        with killed_after(self._process, job.timeout_seconds) as expired:
            with self._one_error(job, expired):
                self._send(job)
            self._await_answer(show)
            with self._one_error(job, expired):
                return self._receive(job.limits)

    def is_usable(self) -> bool:
        """Whether the worker can take another image."""
        return self._left > 0 and self._process.poll() is None

    def stop(self) -> None:
        """Ends the process and closes its pipes."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
        if self._process.stdin:
            self._process.stdin.close()

    @contextlib.contextmanager
    def _one_error(self, job: Job, expired: threading.Event) -> Iterator[None]:
        """Ends the process where it does not answer as it should, and says why."""
        try:
            yield
        except _Refused as refusal:
            raise ImageError(str(refusal)) from None
        except Exception:  # a broken pipe, or an answer that no working decoder gives
            self._process.kill()
            status = self._process.wait()
            raise DecoderFailed(_explain(job, status, expired.is_set())) from None

    def _await_answer(self, show: Callable[[], None] | None) -> None:
        try:
            while not self._connection.poll(POLL_SECONDS):
                if show:
                    show()
        except BaseException:  # a visitor who left, or Ctrl-C
            self._process.kill()
            self._process.wait()
            raise

    def _send(self, job: Job) -> None:
        request = {
            "limits": asdict(job.limits),
            "memory_bytes": job.memory_bytes,
            "decode": job.decode,
        }
        self._connection.send_bytes(json.dumps(request).encode())
        self._connection.send_bytes(job.data)

    def _receive(self, limits: Limits) -> DecodedImage:
        """Image from the answer, which is trusted no more than the file was."""
        answer: dict[str, Any] = json.loads(self._connection.recv_bytes(_MAX_MESSAGE_BYTES))
        if "error" in answer:
            raise _Refused(answer["error"])
        height, width, channels = (int(side) for side in answer["shape"])
        limits.check_size(width, height)
        pixels = np.empty((height, width, channels), np.uint8)
        if channels != 3 or self._connection.recv_bytes_into(pixels.data.cast("B")) != pixels.size:
            raise EOFError("The answer does not hold the image that it announces.")
        notes = tuple(str(note) for note in answer["notes"])
        return DecodedImage(pixels, str(answer["format"]), notes)


def _start(connection: Connection) -> subprocess.Popen[bytes]:
    """Worker that inherits one end of the pipe."""
    handle = connection.fileno()
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "core.intake.worker", str(handle)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_worker_environment(),
        close_fds=sys.platform != "win32",
        pass_fds=() if sys.platform == "win32" else (handle,),
    )


def _worker_environment() -> dict[str, str]:
    """Variables of the worker: the same modules, and no thread pools that fill address space."""
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    return os.environ | threads | {"PYTHONPATH": paths}


def _explain(job: Job, status: int, expired: bool) -> str:
    if status == -getattr(signal, "SIGXCPU", 0):
        reason = "took longer than an image of its size may"
    elif expired:
        reason = f"took longer than {job.timeout_seconds:g} seconds"
    else:
        reason = "broke the decoder"
    return f"The file is refused: reading it {reason}."
