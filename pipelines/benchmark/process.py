"""The parent's side of a process that measures."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.jobs.messages import Answer, receive, send

ROOT = Path(__file__).resolve().parents[2]
#: Measures what is ours.
WORKER = (sys.executable, "-m", "pipelines.benchmark.worker")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class MeasuringProcess:
    """One fresh process that measures what it is asked to.

    Args:
        cores: Processor cores that it may use.
        store_root: Folder of the artifact store.
        command: Program that works as `pipelines.benchmark.measuring.work` does.

    Attributes:
        startup_seconds: Time from its start until everything was imported.
    """

    def __init__(self, *, cores: int, store_root: Path, command: Sequence[str] = WORKER) -> None:
        environment = os.environ | dict.fromkeys(_THREAD_VARIABLES, str(cores))
        environment |= {"BOTTLENECK_ARTIFACTS": str(store_root)}
        ours, theirs = socket.socketpair()
        self._connection = Connection(ours.detach())
        started = time.perf_counter()
        self._process = subprocess.Popen(
            [*command, str(cores), str(theirs.fileno())],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._is_ready = receive(self._connection) is not None
        self.startup_seconds = time.perf_counter() - started

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._is_ready and self._process.poll() is None

    def ask(self, facts: Mapping[str, Any], data: bytes = b"") -> Answer:
        """Answer to one request; a process that ends over it gives an error as its answer."""
        with suppress(ConnectionError):
            send(self._connection, dict(facts), data)
        answer = receive(self._connection)
        if answer is not None:
            return answer
        status = self._process.wait()
        return Answer({"error": f"The process ended with status {status}."})

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._connection.close()


class Processes:
    """Processes that stay between measurements, one for each purpose and number of cores."""

    def __init__(self, store_root: Path) -> None:
        self._store_root = store_root
        self._kept: dict[tuple[str, int], MeasuringProcess] = {}

    def warm(
        self, purpose: str, *, cores: int, command: Sequence[str] = WORKER
    ) -> MeasuringProcess:
        """A process that has been used before, if it is still alive."""
        kept = self._kept.get((purpose, cores))
        if kept is not None and kept.is_alive:
            return kept
        if kept is not None:
            kept.close()
        found = self._kept[purpose, cores] = self.fresh(cores=cores, command=command)
        return found

    def fresh(self, *, cores: int, command: Sequence[str] = WORKER) -> MeasuringProcess:
        """A new process, which the caller closes."""
        return MeasuringProcess(cores=cores, store_root=self._store_root, command=command)

    def close(self) -> None:
        """Ends all."""
        for process in self._kept.values():
            process.close()
        self._kept.clear()


@contextmanager
def measuring_processes(store_root: Path) -> Iterator[Processes]:
    """Processes that end with the block."""
    processes = Processes(store_root)
    try:
        yield processes
    finally:
        processes.close()
