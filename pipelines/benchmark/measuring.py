"""A measuring process of the benchmark as it sees itself; standard library only.

It may run another Python, which need not have this program's requirements. Its messages are those
of `core.jobs.messages`.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from core.jobs.messages import Handle, serve


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
