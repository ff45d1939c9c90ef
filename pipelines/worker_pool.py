"""Single-threaded worker processes for measurements that end with their parent."""

import multiprocessing
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from core.stop_request import follow_parent

_ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
#: Keeps freed memory in the process: glibc otherwise returns every image-sized array to the system
#: and requests it again, which takes a third of the time of a metric.
_KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
}


@contextmanager
def worker_pool(jobs: int) -> Iterator[Executor]:
    """Executor over fresh processes; pending tasks are cancelled at the end.

    Args:
        jobs: Number of processes.
    """
    with _environment(_ONE_THREAD | _KEEP_MEMORY):
        pool = ProcessPoolExecutor(
            jobs, mp_context=multiprocessing.get_context("spawn"), initializer=follow_parent
        )
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


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
