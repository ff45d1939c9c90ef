"""Client side of a worker process: sends it one job at a time and kills it on demand."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from core.jobs.errors import JobCancelled, JobError, TooSlow
from core.jobs.job import Job

_POLL_SECONDS = 0.1
_START_SECONDS = 120.0
#: On a busy machine a second of processor time takes several on the clock.
_WALL_PER_PROCESSOR_SECOND = 6.0


class WorkerProcess:
    """One process that imports `core` only.

    `multiprocessing` would run the server's main module again in it, which is a page of Streamlit;
    so the process is started by itself and only the connection is that of `multiprocessing`.

    Args:
        preload: Modules that it imports before its first job.
        niceness: Niceness of the process, 0 to 19.
    """

    def __init__(self, preload: Sequence[str] = (), *, niceness: int = 0) -> None:
        ours, theirs = socket.socketpair()
        theirs.set_inheritable(True)
        inherited = {"pass_fds": [theirs.fileno()]} if os.name == "posix" else {"close_fds": False}
        command = [sys.executable, "-P", "-m", "core.jobs.worker", str(theirs.fileno())]
        self._process = subprocess.Popen(
            [*command, *preload],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            **inherited,
        )
        theirs.close()
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self._is_ready = False
        if niceness and os.name == "posix":
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, niceness)

    @property
    def is_alive(self) -> bool:
        """Whether it can take another job."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def run(self, job: Job, *, is_wanted: Callable[[], bool]) -> Any:
        """Value of a job; the process is gone where it did not answer.

        Args:
            job: What to compute.
            is_wanted: Asked several times a second; the process is killed once it says no.

        Raises:
            JobError: The job failed, broke a limit or is not wanted any more.
        """
        try:
            self._await_start(is_wanted)
            self._connection.send(job)
            limit = _WALL_PER_PROCESSOR_SECOND * (job.limits.processor_seconds + 1)
            return self._receive(limit, is_wanted)
        except (EOFError, OSError):
            raise self._reason(job) from None

    def stop(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._connection.close()

    def _await_start(self, is_wanted: Callable[[], bool]) -> None:
        if not self._is_ready:
            self._receive(_START_SECONDS, is_wanted)
            self._is_ready = True

    def _receive(self, limit: float, is_wanted: Callable[[], bool]) -> Any:
        end = time.monotonic() + limit
        while not self._connection.poll(_POLL_SECONDS):
            if not is_wanted():
                self.stop()
                raise JobCancelled("The result is not wanted any more.")
            if time.monotonic() > end:
                self.stop()
                raise TooSlow("It takes longer than a visitor may compute here.")
        found = self._connection.recv()
        if found.error is not None:
            raise found.error
        return found.value

    def _reason(self, job: Job) -> JobError:
        """Why the process ended in the middle of a job."""
        self._process.kill()
        if self._process.wait() == -getattr(signal, "SIGXCPU", 0):
            seconds = job.limits.processor_seconds
            return TooSlow(f"It takes more than {seconds:g} seconds of processor time.")
        return JobError("It ended the process that computed it.")


def _environment() -> dict[str, str]:
    """Variables of the process: the same modules, and one thread per numeric library."""
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    return os.environ | threads | {"PYTHONPATH": paths}
