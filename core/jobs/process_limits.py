"""Limits on this process that the kernel enforces: cores, processor time and memory."""

import math
import os
import sys
import time

import psutil

if sys.platform != "win32":
    import resource


def available_cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # neither macOS nor Windows has it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_processor_time(seconds: float) -> None:
    """Ends this process after so many more seconds of processor time; no effect on Windows."""
    if sys.platform != "win32":
        _limit(resource.RLIMIT_CPU, int(time.process_time() + seconds) + 1)


def limit_memory(count: int | None) -> None:
    """Bounds further growth of the address space; effective on Linux only.

    Args:
        count: Bytes beyond what is in use now; None removes the limit, but for that of the shell.
    """
    if sys.platform == "linux":
        used = psutil.Process().memory_info().vms
        _limit(resource.RLIMIT_AS, resource.RLIM_INFINITY if count is None else used + count)


def capped(limit: int, hard: int) -> int:
    """The lower of two limits: a user may not exceed the hard one, such as `ulimit -t` sets it."""
    return min(limit, hard, key=lambda one: math.inf if one == resource.RLIM_INFINITY else one)


def _limit(kind: int, soft: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (capped(soft, hard), hard))
