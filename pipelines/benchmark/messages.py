"""How the benchmark talks with the processes that measure; needs nothing but Python itself.

Each request is one line of JSON and then the bytes that the line announces; so is each answer.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

_LONGEST_ERROR = 300


class Answer(NamedTuple):
    """What a call gave.

    Attributes:
        facts: Seconds by operation, and memory; or the error.
        data: Bytes that it gave beside, such as the file.
    """

    facts: dict[str, Any]
    data: bytes = b""


Handle = Callable[[dict[str, Any], bytes], Answer]


def send(pipe: BinaryIO, facts: dict[str, Any], data: bytes) -> None:
    """Writes one message."""
    pipe.write(json.dumps({**facts, "length": len(data)}).encode() + b"\n")
    pipe.write(data)
    pipe.flush()


def receive(pipe: BinaryIO) -> Answer | None:
    """Reads one message; None where the other side is gone."""
    line = pipe.readline()
    if not line:
        return None
    facts = json.loads(line)
    data = pipe.read(facts.pop("length"))
    return Answer(facts, data)


def serve(requests: BinaryIO, answers: BinaryIO, handle: Handle) -> None:
    """Answers requests until there are no more; an exception is an answer, too."""
    send(answers, {"ready": True}, b"")
    while request := receive(requests):
        try:
            answer = handle(*request)
        except Exception as error:  # whatever is measured may raise anything
            line = " ".join(f"{type(error).__name__}: {error}".split())
            answer = Answer({"error": line[:_LONGEST_ERROR]})
        send(answers, answer.facts, answer.data)


def work(make: Callable[[int], Handle]) -> None:
    """Life of a measuring process, whose one argument is the number of cores.

    Args:
        make: Gives what answers requests, told the cores; all imports are done by then.
    """
    cores = int(sys.argv[1])
    keep_to(cores)
    # What a library prints must not get between the answers.
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, pipe, make(cores))


def keep_to(cores: int) -> None:
    """Lets this process use so many cores only, whatever its libraries think they may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def memory(name: str, *, process: int | Literal["self"] = "self") -> int | None:
    """A memory figure of a process in bytes, from Linux; None on other systems.

    `resource.getrusage` does not serve: its peak is inherited from the process that started this.

    Args:
        name: `VmRSS` for what is resident now, `VmHWM` for the most since `forget_peak`.
        process: Its number, if it is another one.
    """
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{name}:"):
                return 1024 * int(line.split()[1])
    return None


def forget_peak() -> None:
    """Lets the peak of this process' memory count from now."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
