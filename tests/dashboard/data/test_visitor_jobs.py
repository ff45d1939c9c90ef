"""Visitors wait in a real queue before real processes, with small limits on time."""

import concurrent.futures
import os
import time
import timeit
from collections.abc import Iterator, Sequence

import psutil
import pytest

from core.jobs.errors import JobCancelled, QueueBusy, TooSlow
from core.jobs.job import JobLimits
from core.jobs.lane import Lane, Ticket
from dashboard.data import visitor_jobs
from dashboard.data.visitor_jobs import Call, Task, queue_line, wait_for
from tests.waiting import PATIENCE_SECONDS, wait_until

LIMITS = JobLimits(processor_seconds=5, memory_bytes=300_000_000)
#: Longest wait for a turn in these tests; half a minute in the dashboard.
MAX_WAIT_SECONDS = 1.5


class Left(BaseException):
    """What Streamlit raises in the page of a visitor who left."""


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Lane, ...]]:
    """Lanes of one process each, which are up."""
    made = tuple(Lane(workers=1, limits=LIMITS) for _ in range(3))
    for ticket in [lane.submit(os.getpid, owner="") for lane in made]:
        ticket.future.result(PATIENCE_SECONDS)
    monkeypatch.setattr(visitor_jobs, "lanes", lambda: made)
    monkeypatch.setattr(visitor_jobs, "MAX_WAIT_SECONDS", MAX_WAIT_SECONDS)
    yield made
    for lane in made:
        lane.close()


def _occupied(lane: Lane, seconds: float, *, jobs: int = 1) -> list[Ticket]:
    """Jobs of another visitor, of which the first one runs."""
    tickets = [lane.submit(time.sleep, seconds, owner="other") for _ in range(jobs)]
    wait_until(lambda: tickets[0].started is not None, seconds=PATIENCE_SECONDS)
    return tickets


def _task(call: Call, *, is_patient: bool = False) -> Task:
    return Task(call, owner="me", is_wanted=lambda: True, is_patient=is_patient)


CALL = Call("JPEG", os.getpid, ())


@pytest.mark.slow
def test_who_waits_sees_his_place_at_once_and_is_refused_in_time(
    lanes: tuple[Lane, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    _occupied(lanes[0], PATIENCE_SECONDS)
    events: list[str] = []
    wait = concurrent.futures.wait
    monkeypatch.setattr(
        concurrent.futures, "wait", lambda *rest: (events.append("wait"), wait(*rest))[1]
    )
    task = _task(CALL)
    wait_for([task], show=lambda tasks: events.append(queue_line(tasks)))
    assert events[:2] == ["JPEG … You are next in the queue.", "wait"]
    assert isinstance(task.error, QueueBusy)
    assert "many people compute here" in str(task.error)
    # The other job goes on for as long as a test has patience.
    assert MAX_WAIT_SECONDS < task.ticket.waited_seconds < PATIENCE_SECONDS / 2


def test_the_place_counts_those_who_are_served_before(lanes: tuple[Lane, ...]) -> None:
    _occupied(lanes[0], PATIENCE_SECONDS)
    lanes[0].submit(os.getpid, owner="somebody")
    lanes[0].submit(os.getpid, owner="somebody else")
    lines: list[str] = []
    wait_for([_task(CALL)], show=lambda tasks: lines.append(queue_line(tasks)))
    assert lines[0] == "JPEG … 2 before you in the queue."


def test_telling_the_place_of_a_whole_curve_costs_the_server_little(
    lanes: tuple[Lane, ...],
) -> None:
    _occupied(lanes[0], PATIENCE_SECONDS)
    tasks = [_task(CALL) for _ in range(300)]
    assert queue_line(tasks) == "JPEG … You are next in the queue."
    # The least of five, without collections of garbage: it is what the line itself costs.
    runs = timeit.repeat(lambda: queue_line(tasks), timer=time.process_time, number=1, repeat=5)
    assert min(runs) < 0.01
    for task in tasks:
        task.cancel()


@pytest.mark.slow
def test_waiting_for_the_estimate_counts_as_waiting(
    lanes: tuple[Lane, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two waits one after another would be twice as long as what a visitor is promised."""
    monkeypatch.setattr(visitor_jobs, "MAX_WAIT_SECONDS", 4.0)
    _occupied(lanes[0], 3)
    for lane in lanes[1:]:
        _occupied(lane, PATIENCE_SECONDS)
    task = _task(Call("JPEG", os.getpid, (), float, (3.0,)))
    estimate = task.ticket
    wait_for([task], show=lambda tasks: None)
    assert isinstance(task.error, QueueBusy)
    assert task.ticket is not estimate
    # It was refused before it had waited for so long a second time.
    assert task.ticket.waited_seconds < 4.0


@pytest.mark.slow
def test_who_is_patient_is_not_refused(lanes: tuple[Lane, ...]) -> None:
    _occupied(lanes[0], MAX_WAIT_SECONDS + 1)
    task = _task(CALL, is_patient=True)
    wait_for([task], show=lambda tasks: None)
    assert task.error is None
    assert task.value != os.getpid()


def test_work_ends_at_once_when_the_visitor_leaves(lanes: tuple[Lane, ...]) -> None:
    pid = lanes[0].submit(os.getpid, owner="me").future.result(PATIENCE_SECONDS)
    worker = psutil.Process(pid)
    running, waiting = _task(Call("AVIF", time.sleep, (PATIENCE_SECONDS,))), _task(CALL)

    def show(tasks: Sequence[Task]) -> None:
        if running.ticket.started is not None:
            raise Left

    with pytest.raises(Left):
        wait_for([running, waiting], show=show)
    for task in (running, waiting):
        with pytest.raises(JobCancelled):
            task.ticket.future.result(0)
    wait_until(lambda: not worker.is_running())


def test_what_costs_too_much_is_refused_before_it_starts(lanes: tuple[Lane, ...]) -> None:
    task = _task(Call("AVIF", os._exit, (3,), float, (1000.0,)))
    wait_for([task], show=lambda tasks: None)
    assert isinstance(task.error, TooSlow)
    assert "about 17 minutes" in str(task.error)
