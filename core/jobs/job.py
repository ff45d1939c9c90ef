"""Messages between the server and a worker process."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.jobs.errors import JobError


@dataclass(frozen=True)
class JobLimits:
    """Resource limits of a job.

    Attributes:
        processor_seconds: Processor time; the process is ended beyond it.
        memory_bytes: Address space beyond what the process used before the job.
    """

    processor_seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Job:
    """A call of a function of a module.

    Attributes:
        function: Called with the arguments; importable by its name.
        arguments: Positional arguments.
        limits: Resource limits of the call.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    limits: JobLimits


@dataclass(frozen=True)
class Answer:
    """Outcome of a job: a value or an error."""

    value: Any = None
    error: JobError | None = None
