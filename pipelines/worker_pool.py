"""Single-threaded worker processes, for images or measurements, that end with their parent."""

import ctypes
import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from core.stop_request import follow_parent

_ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
#: Parameters of glibc's `mallopt`: M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD, in bytes.
_MEMORY = {-1: 256 << 20, -2: 16 << 20, -3: 32 << 20}


@contextmanager
def worker_pool(jobs: int) -> Iterator[Executor]:
    """Executor over fresh processes; pending tasks are cancelled at the end.

    Args:
        jobs: Number of processes.
    """
    with _environment(_ONE_THREAD):
        pool = ProcessPoolExecutor(
            jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_set_up
        )
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


def keep_freed_memory() -> None:
    """Keeps freed memory in this process, where its C library is glibc.

    By default it returns every image-sized array to the system and requests it again, which takes
    a third of the time of a metric; under Dask, which lowers the threshold, three quarters.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        for parameter, value in _MEMORY.items():
            library.mallopt(parameter, value)


def _set_up() -> None:
    follow_parent()
    keep_freed_memory()


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets environment variables for processes started inside: libraries read them when loaded."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
