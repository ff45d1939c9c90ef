"""A process that runs one job after another; started by `core.jobs.process`, never by hand.

It receives a `Job` and sends an `Answer` over the socket whose number is its first argument, until
the server closes the other end. The further arguments are modules to import before the first job.
"""

import ctypes
import importlib
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from core.jobs.errors import JobError, TooLarge
from core.jobs.job import Answer, Job
from core.jobs.process_limits import limit_memory, limit_processor_time


def main() -> None:
    """Serves jobs until the connection is closed."""
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    for module in sys.argv[2:]:
        importlib.import_module(module)
    with suppress(EOFError, OSError):
        connection.send(Answer("ready"))
        while True:
            connection.send(answer(connection.recv()))
            return_freed_memory()


def answer(job: Job) -> Answer:
    """Outcome of a job, within its limits."""
    limit_processor_time(job.limits.processor_seconds)
    limit_memory(job.limits.memory_bytes)
    try:
        return Answer(job.function(*job.arguments))
    except JobError as error:
        return Answer(error=error)
    except MemoryError:
        return Answer(error=TooLarge("It needs more memory than a visitor may use here."))
    except Exception as error:  # any error of a library fails this job only
        return Answer(error=JobError(f"{type(error).__name__}: {error}"))
    finally:
        limit_memory(None)


def return_freed_memory() -> None:
    """Gives freed memory back to the system, which glibc keeps for the next job otherwise."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


if __name__ == "__main__":
    main()
