"""A process of another Python that codes images, as the process that started it sees it."""

import atexit
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core.codecs.external.processes import end_group, forget_processor_limit, limit_memory
from core.errors import CodecError
from core.jobs.deadline import killed_after
from core.jobs.messages import Answer, receive, send

_ROOT = Path(__file__).resolve().parents[3]
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_MAX_PRINTED_BYTES = 4000
_MAX_MESSAGE_CHARACTERS = 300


@dataclass(frozen=True)
class ModelProgram:
    """A program of another Python and what it may take.

    Attributes:
        python: Path of the Python.
        script: Path of the program, which calls `core.jobs.model_server.serve_model`.
        seconds: Longest time of a call by the clock on the wall.
        start_seconds: Longest time until the program has imported what it needs.
        memory_bytes: Most address space, on Linux.
        answer_bytes: Longest answer.
    """

    python: str
    script: Path
    seconds: float
    start_seconds: float
    memory_bytes: int
    answer_bytes: int


class ModelProcess:
    """A process that is started when it is first asked, and once more after it has ended.

    One call runs at a time; further threads wait for their turn. The process ends with this one,
    because its standard input then closes.
    """

    def __init__(self, program: ModelProgram) -> None:
        self._program = program
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def ask(self, facts: Mapping[str, Any], data: bytes = b"") -> Answer:
        """Answer to a request.

        Raises:
            CodecError: The program cannot be started, or it failed, ended or exceeded a limit.
        """
        with self._lock:
            if self._running is None:
                self._running = _Running(self._program)
            answer = self._asked(self._running, facts, data)
        if "error" in answer.facts:
            raise CodecError(_sentence(str(answer.facts["error"])))
        return answer

    def stop(self) -> None:
        """Ends the process; a later call starts a new one."""
        running, self._running = self._running, None
        if running is not None:
            running.end()

    def _asked(self, running: "_Running", facts: Mapping[str, Any], data: bytes) -> Answer:
        try:
            if not running.is_ready:
                running.exchange(None, b"", seconds=self._program.start_seconds)
                running.is_ready = True
            return running.exchange(facts, data, seconds=self._program.seconds)
        except BaseException:  # whatever happened, its next answer would be to this request
            self.stop()
            raise


class _Running:
    """A process that was started."""

    def __init__(self, program: ModelProgram) -> None:
        self.is_ready = False
        self._program = program
        self._connection, inner = multiprocessing.Pipe()
        try:
            self._process = _start(program, inner.fileno())
        except OSError as error:
            raise CodecError(f"{program.python} cannot be started: {error.strerror}.") from error
        finally:
            inner.close()
        limit_memory(self._process.pid, program.memory_bytes)
        forget_processor_limit(self._process.pid)
        self._printed = b""
        printed = self._process.stdout
        self._reader = threading.Thread(target=self._read, args=(printed,), daemon=True)
        self._reader.start()

    def exchange(self, facts: Mapping[str, Any] | None, data: bytes, *, seconds: float) -> Answer:
        """Answer to a request; to none, the message that it is ready.

        Raises:
            CodecError: It ended, took too long, or sent what is no answer.
        """
        with killed_after(self._process, seconds) as expired:
            answer = None
            with suppress(OSError, ValueError):  # it ended, or its answer is too long or no JSON
                if facts is not None:
                    send(self._connection, dict(facts), data)
                answer = receive(self._connection, self._program.answer_bytes)
        if answer is not None and isinstance(answer.facts, dict) and not expired.is_set():
            return answer
        raise CodecError(self._reason(seconds, expired.is_set()))

    def end(self) -> None:
        """Kills it with whatever it has started."""
        end_group(self._process)
        self._connection.close()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _read(self, printed: IO[bytes]) -> None:
        """Keeps the end of what the program prints, for the message when it ends."""
        with suppress(ValueError, OSError):
            while chunk := os.read(printed.fileno(), _MAX_PRINTED_BYTES):
                self._printed = (self._printed + chunk)[-_MAX_PRINTED_BYTES:]

    def _reason(self, seconds: float, expired: bool) -> str:
        name = self._program.script.stem
        if expired:
            return f"{name} took more than {seconds:g} seconds."
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return f"{name} sent an answer that is too long or malformed."
        self._reader.join(timeout=1)
        last = self._printed.decode(errors="replace").strip().rpartition("\n")[2]
        return _sentence(f"{name} ended with status {status}" + (f": {last}" if last else ""))


def _start(program: ModelProgram, handle: int) -> "subprocess.Popen[bytes]":
    """Process that inherits one end of the connection."""
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
    return subprocess.Popen(
        [program.python, str(program.script), str(handle)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **_ONE_THREAD, "PYTHONPATH": str(_ROOT), "PYTHONNOUSERSITE": "1"},
        close_fds=sys.platform != "win32",
        pass_fds=() if sys.platform == "win32" else (handle,),
        start_new_session=True,
    )


def _sentence(text: str) -> str:
    return " ".join(text.split())[:_MAX_MESSAGE_CHARACTERS].rstrip(".") + "."


_PROCESSES: dict[tuple[int, ModelProgram], ModelProcess] = {}
_PROCESSES_LOCK = threading.Lock()


def model_process(program: ModelProgram) -> ModelProcess:
    """The one process of a program that this process uses."""
    with _PROCESSES_LOCK:
        # A process that was forked from this one must not read from the same connection.
        return _PROCESSES.setdefault((os.getpid(), program), ModelProcess(program))


def _stop_all() -> None:
    for (parent, _), process in _PROCESSES.items():
        if parent == os.getpid():
            process.stop()


atexit.register(_stop_all)
