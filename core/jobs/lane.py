"""A queue of jobs for a few worker processes, with round-robin scheduling over visitors."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from core.jobs.errors import JobCancelled, JobError, QueueBusy
from core.jobs.job import Job, JobLimits
from core.jobs.process import WorkerProcess

#: A process is replaced after so many jobs, which bounds what leaks in C libraries can add up.
_JOBS_PER_PROCESS = 300
_NO_PROCESS = "No process could be started for it at the moment. Try again in a minute."


def _always() -> bool:
    return True


@dataclass(eq=False)
class Ticket:
    """A job in a lane.

    Attributes:
        job: What to compute.
        owner: Identity of the visitor; owners are served round-robin.
        is_wanted: Whether the owner still needs the result.
        future: The outcome, as `concurrent.futures` waits for it.
        started: Time on the monotonic clock when a process took it; None while it waits.
    """

    job: Job
    owner: str
    is_wanted: Callable[[], bool]
    future: "Future[Any]" = field(default_factory=Future)
    submitted: float = field(default_factory=time.monotonic)
    started: float | None = None

    @property
    def is_needed(self) -> bool:
        """Whether the outcome is still needed."""
        return not self.future.cancelled() and not self.future.done() and self.is_wanted()

    @property
    def waited_seconds(self) -> float:
        """Waiting time so far, in seconds."""
        end = time.monotonic() if self.started is None else self.started
        return end - self.submitted

    def settle(self, value: Any = None, error: Exception | None = None) -> None:
        """Sets the outcome unless there is one, which another thread may set at this moment."""
        with suppress(InvalidStateError):
            if error is None:
                self.future.set_result(value)
            else:
                self.future.set_exception(error)


class Lane:
    """Worker processes with one queue; owners are served in turn, each in the order of asking.

    Args:
        workers: Processes that work at a time.
        limits: Resource limits of each job.
        preload: Modules that a process imports before its first job.
        niceness: Niceness of the processes, 0 to 19.
        max_waiting: Jobs that may wait; a further one is refused at once.
    """

    def __init__(
        self,
        *,
        workers: int,
        limits: JobLimits,
        preload: Sequence[str] = (),
        niceness: int = 0,
        max_waiting: int = 1000,
    ) -> None:
        self.limits = limits
        self._preload, self._niceness, self._max_waiting = preload, niceness, max_waiting
        self._waiting: list[Ticket] = []
        self._served: dict[str, float] = {}
        self._changed = threading.Condition()
        self._is_closed = False
        self._running = 0
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        owner: str,
        is_wanted: Callable[[], bool] = _always,
    ) -> Ticket:
        """Puts a call at the end of its owner's queue.

        Args:
            function: Function of a module that a worker process can import.
            arguments: Its arguments, which are pickled.
            owner: Who asks.
            is_wanted: Asked from another thread; a job that is not wanted is dropped or killed.
        """
        ticket = Ticket(Job(function, arguments, self.limits), owner, is_wanted)
        with self._changed:
            self._waiting = [waiting for waiting in self._waiting if waiting.is_needed]
            if len(self._waiting) >= self._max_waiting:
                ticket.settle(error=QueueBusy("Too many people compute here at the moment."))
                return ticket
            self._waiting.append(ticket)
            self._changed.notify()
        return ticket

    @property
    def load(self) -> int:
        """Jobs that wait or run."""
        with self._changed:
            return len(self._waiting) + self._running

    def queue_position(self, tickets: Collection[Ticket]) -> int:
        """How many jobs are served before the first of these; 0 where none of them waits."""
        with self._changed:
            order = sorted(self._waiting, key=self._turn)
        asked = set(tickets)
        return next((place for place, ticket in enumerate(order) if ticket in asked), 0)

    def cancel(self, ticket: Ticket) -> None:
        """Drops a job that waits and kills one that runs."""
        ticket.settle(error=JobCancelled("The result is not wanted any more."))
        with self._changed:
            self._waiting = [waiting for waiting in self._waiting if waiting is not ticket]

    def close(self) -> None:
        """Ends all processes; jobs that wait are cancelled."""
        with self._changed:
            self._is_closed = True
            for ticket in self._waiting:
                ticket.settle(error=JobCancelled("The server is stopping."))
            self._waiting = []
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _turn(self, ticket: Ticket) -> tuple[float, float]:
        return self._served.get(ticket.owner, 0.0), ticket.submitted

    def _next(self) -> Ticket | None:
        """The next job in round-robin order; None once the lane is closed."""
        with self._changed:
            while not self._is_closed:
                self._waiting = [waiting for waiting in self._waiting if waiting.is_needed]
                if self._waiting:
                    return self._start(min(self._waiting, key=self._turn))
                self._changed.wait()
        return None

    def _start(self, ticket: Ticket) -> Ticket:
        self._waiting.remove(ticket)
        self._running += 1
        ticket.started = time.monotonic()
        waiting = {other.owner for other in self._waiting}
        self._served = {name: at for name, at in self._served.items() if name in waiting}
        self._served[ticket.owner] = ticket.started
        return ticket

    def _serve(self) -> None:
        worker, left = self._new_process(), _JOBS_PER_PROCESS
        while (ticket := self._next()) is not None:
            if worker is None or not worker.is_alive:
                worker, left = self._new_process(instead_of=worker), _JOBS_PER_PROCESS
            if worker is None:
                ticket.settle(error=JobError(_NO_PROCESS))
            else:
                self._run(worker, ticket)
                left -= 1
            with self._changed:
                self._running -= 1
            if worker is not None and (left == 0 or not worker.is_alive):
                # A new one starts while nobody waits for it.
                worker, left = self._new_process(instead_of=worker), _JOBS_PER_PROCESS
        if worker is not None:
            worker.stop()

    def _run(self, worker: WorkerProcess, ticket: Ticket) -> None:
        try:
            wanted = lambda: ticket.is_needed and not self._is_closed  # noqa: E731
            ticket.settle(worker.run(ticket.job, is_wanted=wanted))
        except JobError as error:
            ticket.settle(error=error)
        except Exception as error:  # an answer that cannot be read; the process is replaced
            worker.stop()
            ticket.settle(error=JobError(f"{type(error).__name__}: {error}"))

    def _new_process(self, instead_of: WorkerProcess | None = None) -> WorkerProcess | None:
        """A process; None where the system gives none, for lack of memory or of file numbers."""
        if instead_of is not None:
            instead_of.stop()
        try:
            return WorkerProcess(self._preload, niceness=self._niceness)
        except OSError:
            return None
