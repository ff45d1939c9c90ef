"""Messages between the benchmark and its measuring processes; standard library only.

A request is two messages of `multiprocessing.connection`: facts as JSON, then bytes; so is an
answer. The processes may run another Python, which need not have this program's requirements.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, NamedTuple

_MAX_ERROR_CHARACTERS = 300
_MAX_MESSAGE_BYTES = 1_000_000_000


class Answer(NamedTuple):
    """Result of a call.

    Attributes:
        facts: Seconds by operation, and memory; or the error.
        data: Further output as bytes, such as the file.
    """

    facts: dict[str, Any]
    data: bytes = b""


Handle = Callable[[dict[str, Any], bytes], Answer]


def send(connection: Connection, facts: dict[str, Any], data: bytes) -> None:
    """Sends a request or an answer."""
    connection.send_bytes(json.dumps(facts).encode())
    connection.send_bytes(data)


def receive(connection: Connection) -> Answer | None:
    """Receives a request or an answer; None when the other side has ended."""
    try:
        facts = json.loads(connection.recv_bytes(_MAX_MESSAGE_BYTES))
        return Answer(facts, connection.recv_bytes(_MAX_MESSAGE_BYTES))
    except (EOFError, ConnectionError):
        return None


def serve(connection: Connection, handle: Handle) -> None:
    """Answers requests until there are no more; exceptions are returned as answers."""
    send(connection, {"ready": True}, b"")
    while request := receive(connection):
        try:
            answer = handle(*request)
        except Exception as error:  # whatever is measured may raise anything
            line = " ".join(f"{type(error).__name__}: {error}".split())
            answer = Answer({"error": line[:_MAX_ERROR_CHARACTERS]})
        send(connection, answer.facts, answer.data)


def work(make: Callable[[int], Handle]) -> None:
    """Runs a measuring process, started with two arguments: cores, and the connection's descriptor.

    Args:
        make: Gives what answers requests, from the number of cores; its imports are done by then.
    """
    cores, descriptor = int(sys.argv[1]), int(sys.argv[2])
    keep_to(cores)
    serve(Connection(descriptor), make(cores))


def keep_to(cores: int) -> None:
    """Limits this process to a number of cores, regardless of its libraries' settings."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def memory(name: str, *, process: int | Literal["self"] = "self") -> int | None:
    """A memory figure of a process in bytes, from Linux; None on other systems.

    `resource.getrusage` does not serve: its peak is inherited from the process that started this.

    Args:
        name: `VmRSS` for the current resident memory, `VmHWM` for the peak since `forget_peak`.
        process: Process id, if it is another process.
    """
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{name}:"):
                return 1024 * int(line.split()[1])
    return None


def forget_peak() -> None:
    """Resets the peak of this process' memory."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
