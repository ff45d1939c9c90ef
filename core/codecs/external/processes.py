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
    if sys.platform == "linux":
        _limit(process, resource.RLIMIT_AS, count)


def limit_files(process: int, count: int) -> None:
    """Lets the kernel end a process that writes a file of more than so many bytes, on Linux.

    Args:
        process: Id of the process.
        count: Bytes.
    """
    if sys.platform == "linux":
        _limit(process, resource.RLIMIT_FSIZE, count)


def forget_processor_limit(process: int) -> None:
    """Frees a process from the limit on processor time that it inherited from a job, on Linux.

    Args:
        process: Id of the process, which has a limit of its own on the wall clock.
    """
    if sys.platform == "linux":
        _limit(process, resource.RLIMIT_CPU, resource.RLIM_INFINITY)


def _limit(process: int, kind: int, count: int) -> None:
    """Limits a process that runs already, which no other system can."""
    if sys.platform == "linux":
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(process, kind)
            resource.prlimit(process, kind, (capped(count, hard),) * 2)


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
