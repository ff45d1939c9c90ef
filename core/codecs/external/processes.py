"""Limits and ends of the processes that other people's programs run in."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

from core.jobs.process_limits import capped

if sys.platform != "win32":
    import resource


def limit_memory(process: int, count: int) -> None:
    """Lets the kernel refuse a process more than so many bytes of address space, on Linux.

    The process may have inherited other limits from a job of this program; they are replaced.

    Args:
        process: Id of the process.
        count: Bytes.
    """
    if sys.platform == "linux":  # no other system can limit a process that runs already
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(process, resource.RLIMIT_AS)
            resource.prlimit(process, resource.RLIMIT_AS, (capped(count, hard),) * 2)


def forget_processor_limit(process: int) -> None:
    """Frees a process from the limit on processor time that it inherited from a job, on Linux.

    Args:
        process: Id of the process, which has a limit of its own on the wall clock.
    """
    if sys.platform == "linux":
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(process, resource.RLIMIT_CPU)
            resource.prlimit(process, resource.RLIMIT_CPU, (hard, hard))


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kills a process, the leader of its session, and whatever it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
