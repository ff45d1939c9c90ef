"""Jobs of the current visitor: queued, bounded, and cancelled when the visitor leaves.

Three lanes take jobs by the time that they are estimated to take, so that somebody's long search
never stands before another's small image. A job that needs more than the last lane allows is
refused before it starts.
"""

import concurrent.futures
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.jobs.errors import JobError, QueueBusy, TooSlow
from core.jobs.job import JobLimits
from core.jobs.lane import Lane, Ticket

#: What the processes import before their first job.
_PRELOAD = ("core.evaluation.visitor_jobs",)
MAX_WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.2
_MEGABYTE = 1_000_000
_BUSY = (
    f"It waited {MAX_WAIT_SECONDS:.0f} seconds for its turn: many people compute here at the "
    "moment. Try again in a minute."
)


class _Speed(NamedTuple):
    """A lane: the estimated time up to which it takes jobs, and their limits."""

    max_seconds: float
    limits: JobLimits
    niceness: int


# An estimate may be wrong by a factor of three; the kernel ends what takes longer.
_SPEEDS = (
    _Speed(2.0, JobLimits(6, 500 * _MEGABYTE), 0),
    _Speed(15.0, JobLimits(45, 600 * _MEGABYTE), 5),
    _Speed(60.0, JobLimits(150, 900 * _MEGABYTE), 10),
)
MAX_SECONDS = _SPEEDS[-1].max_seconds


@dataclass(frozen=True)
class Call:
    """A function of a module that a worker process can import, with picklable arguments.

    Attributes:
        label: Text that is shown while it is computed.
        function: The function.
        arguments: Its arguments.
        estimate: Function that gives its processor seconds, run in a worker process too; None for
            a call that is known to be short.
        estimate_arguments: Arguments of that function.
    """

    label: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    estimate: Callable[..., float] | None = None
    estimate_arguments: tuple[Any, ...] = ()


class Task:
    """A submitted call: its time is estimated first, then it is computed in a suitable lane."""

    def __init__(
        self, call: Call, *, owner: str, is_wanted: Callable[[], bool], is_patient: bool
    ) -> None:
        self.call = call
        self._is_patient = is_patient
        self._owner, self._is_wanted = owner, is_wanted
        self.value: Any = None
        self.error: JobError | None = None
        self.is_done = False
        self._waited_seconds = 0.0
        self._is_estimated = call.estimate is None
        if call.estimate is None:
            self._lane, self._ticket = self._submit(0.0)
        else:
            self._lane = lanes()[0]
            self._ticket = self._lane.submit(
                call.estimate, *call.estimate_arguments, owner=owner, is_wanted=is_wanted
            )

    @property
    def ticket(self) -> Ticket:
        """The job that it waits for."""
        return self._ticket

    @property
    def lane(self) -> Lane:
        """The lane in which it waits or runs."""
        return self._lane

    @property
    def has_run(self) -> bool:
        """Whether the call itself has begun, not its estimate alone."""
        return self._is_estimated

    def advance(self) -> bool:
        """Advances without blocking; returns whether it is done."""
        future = self._ticket.future
        if not self.is_done and future.done():
            self._take(future)
        elif not (self.is_done or self._is_patient) and self._has_waited_too_long():
            self.cancel()
            self.error, self.is_done = QueueBusy(_BUSY), True
        return self.is_done

    def cancel(self) -> None:
        """Cancels what is not done."""
        self._lane.cancel(self._ticket)

    def _has_waited_too_long(self) -> bool:
        ticket = self._ticket
        waited = self._waited_seconds + ticket.waited_seconds
        return ticket.started is None and waited > MAX_WAIT_SECONDS

    def _take(self, future: "concurrent.futures.Future[Any]") -> None:
        try:
            found = future.result()
        except TooSlow as error:
            if self._is_estimated:
                self.error, self.is_done = error, True
            else:
                self._refuse(None)
        except JobError as error:
            self.error, self.is_done = error, True
        else:
            self._go_on(found)

    def _go_on(self, found: Any) -> None:
        if self._is_estimated:
            self.value, self.is_done = found, True
        elif found > MAX_SECONDS:
            self._refuse(found)
        else:
            self._is_estimated = True
            self._waited_seconds = self._ticket.waited_seconds
            self._lane, self._ticket = self._submit(found)

    def _refuse(self, seconds: float | None) -> None:
        about = "much longer" if seconds is None else f"about {_spelled(seconds)}"
        self.error = TooSlow(
            f"It would take {about} of processor time on this image, set like this; "
            f"{MAX_SECONDS:.0f} seconds are allowed. Choose a faster option, a part of the image, "
            "or my settings in place of a search."
        )
        self.is_done = True

    def _submit(self, seconds: float) -> tuple[Lane, Ticket]:
        """Puts the call into the shortest queue among the lanes that take so long a job."""
        able = [
            lane
            for lane, speed in zip(lanes(), _SPEEDS, strict=True)
            if seconds <= speed.max_seconds
        ]
        lane = min(able, key=lambda lane: lane.load) if seconds else able[0]
        call = self.call
        return lane, lane.submit(
            call.function, *call.arguments, owner=self._owner, is_wanted=self._is_wanted
        )


@st.cache_resource(show_spinner=False)
def lanes() -> tuple[Lane, ...]:
    """The lanes of this server, from short jobs to long ones."""
    return tuple(
        Lane(workers=1, limits=speed.limits, niceness=speed.niceness, preload=_PRELOAD)
        for speed in _SPEEDS
    )


def start_tasks(calls: Sequence[Call], *, is_patient: bool = False) -> list[Task]:
    """Submits calls for the current visitor.

    Args:
        calls: The calls.
        is_patient: Whether they wait for their turn however long it takes.
    """
    context = get_script_run_ctx()
    session = context.session_id if context else ""

    def is_wanted() -> bool:
        return not Runtime.exists() or bool(Runtime.instance().is_active_session(session))

    return [Task(call, owner=session, is_wanted=is_wanted, is_patient=is_patient) for call in calls]


def wait_for(tasks: Sequence[Task], *, show: Callable[[Sequence[Task]], None]) -> None:
    """Waits until all tasks are done.

    Args:
        tasks: The tasks.
        show: Called several times a second; it must write to the page, for that is where
            Streamlit ends the run of a visitor who left or turned a dial. What is not done then is
            cancelled.
    """
    try:
        while pending := [task for task in tasks if not task.advance()]:
            show(tasks)
            futures = [task.ticket.future for task in pending]
            concurrent.futures.wait(futures, _POLL_SECONDS, concurrent.futures.FIRST_COMPLETED)
    finally:
        for task in tasks:
            if not task.is_done:
                task.cancel()


def queue_line(tasks: Sequence[Task]) -> str:
    """Status line: the running calls, or the position in the queue."""
    pending = [task for task in tasks if not task.is_done]
    running = [task.call.label for task in pending if task.ticket.started is not None]
    if running or not pending:
        return f"{', '.join(running)} …"
    return f"{pending[0].call.label} … {queue_words(queue_position(pending))}"


def queue_position(tasks: Sequence[Task]) -> int:
    """How many jobs of others are served before the first of these tasks."""
    waiting: dict[Lane, list[Ticket]] = {}
    for task in tasks:
        waiting.setdefault(task.lane, []).append(task.ticket)
    return min((lane.queue_position(tickets) for lane, tickets in waiting.items()), default=0)


def queue_words(before: int) -> str:
    """A visitor's place in a queue, from the number of those who are served before."""
    return f"{before} before you in the queue." if before else "You are next in the queue."


def _spelled(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
