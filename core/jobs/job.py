"""What the server and a worker process send each other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.jobs.errors import JobError


@dataclass(frozen=True)
class JobLimits:
    """What a job may take.

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
        limits: What the call may take.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    limits: JobLimits


@dataclass(frozen=True)
class Answer:
    """Outcome of a job: a value, or the error in its place."""

    value: Any = None
    error: JobError | None = None
