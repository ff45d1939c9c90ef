"""Limits on this process that the kernel enforces: processor time and memory."""

import sys
import time

import psutil

if sys.platform != "win32":
    import resource


def limit_processor_time(seconds: float) -> None:
    """Ends this process after so many more seconds of processor time; no effect on Windows."""
    if sys.platform != "win32":
        until = int(time.process_time() + seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def limit_memory(count: int | None) -> None:
    """Bounds further growth of the address space; effective on Linux only.

    Args:
        count: Bytes beyond what is in use now; None removes the limit.
    """
    if sys.platform == "linux":
        used = psutil.Process().memory_info().vms
        soft = resource.RLIM_INFINITY if count is None else used + count
        resource.setrlimit(resource.RLIMIT_AS, (soft, resource.RLIM_INFINITY))
