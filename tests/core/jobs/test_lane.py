import errno
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import psutil
import pytest

from core.jobs.errors import JobCancelled, JobError, QueueBusy, TooLarge, TooSlow
from core.jobs.job import JobLimits
from core.jobs.lane import Lane
from tests.waiting import PATIENCE_SECONDS, wait_until

LIMITS = JobLimits(processor_seconds=2, memory_bytes=300_000_000)


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane(workers=1, limits=LIMITS)
    yield lane
    lane.close()


def test_a_job_runs_in_another_process_that_is_used_again(lane: Lane) -> None:
    first, second = (
        lane.submit(os.getpid, owner="a").future.result(PATIENCE_SECONDS) for _ in range(2)
    )
    assert first == second != os.getpid()


def test_the_error_of_a_job_is_told_and_the_next_one_runs(lane: Lane) -> None:
    with pytest.raises(JobError, match="ValueError: invalid literal"):
        lane.submit(int, "x", owner="a").future.result(PATIENCE_SECONDS)
    assert lane.submit(int, "3", owner="a").future.result(PATIENCE_SECONDS) == 3


def test_a_job_that_takes_too_much_memory_is_refused(lane: Lane) -> None:
    with pytest.raises(TooLarge):
        lane.submit(bytes, 400_000_000, owner="a").future.result(PATIENCE_SECONDS)
    assert (
        len(lane.submit(bytes, 100_000_000, owner="a").future.result(PATIENCE_SECONDS))
        == 100_000_000
    )


@pytest.mark.slow
def test_a_job_that_takes_too_much_processor_time_is_killed(lane: Lane) -> None:
    with pytest.raises(TooSlow):
        lane.submit(pow, 7, 10**9, owner="a").future.result(PATIENCE_SECONDS)
    assert lane.submit(int, "3", owner="a").future.result(PATIENCE_SECONDS) == 3


#: Fills the heap of the C library and keeps what was allocated last, so that it cannot shrink.
_PIN = "len(globals().setdefault('kept', [b'x' * (100_000 + i) for i in range(2_000)][-1:]))"


def test_a_process_keeps_no_memory_of_its_jobs(lane: Lane) -> None:
    worker = psutil.Process(lane.submit(os.getpid, owner="a").future.result(PATIENCE_SECONDS))
    before = worker.memory_info().rss
    assert lane.submit(eval, _PIN, owner="a").future.result(PATIENCE_SECONDS) == 1
    wait_until(lambda: worker.memory_info().rss < before + 50_000_000, seconds=20)


def test_a_process_that_dies_costs_one_job(lane: Lane) -> None:
    with pytest.raises(JobError, match="ended the process"):
        lane.submit(os._exit, 3, owner="a").future.result(PATIENCE_SECONDS)
    assert lane.submit(int, "3", owner="a").future.result(PATIENCE_SECONDS) == 3


def test_a_process_that_cannot_be_started_costs_one_job(lane: Lane, monkeypatch) -> None:
    pid = lane.submit(os.getpid, owner="a").future.result(PATIENCE_SECONDS)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("core.jobs.lane.WorkerProcess", refuse)
        psutil.Process(pid).kill()
        wait_until(lambda: not psutil.pid_exists(pid) or _is_zombie(pid))
        with pytest.raises(JobError, match="No process could be started"):
            lane.submit(int, "3", owner="a").future.result(PATIENCE_SECONDS)
    assert lane.submit(int, "3", owner="a").future.result(PATIENCE_SECONDS) == 3


def _is_zombie(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_an_outcome_that_comes_in_the_moment_of_a_cancellation_does_no_harm(lane: Lane) -> None:
    ticket = lane.submit(int, "3", owner="a")
    ticket.future.result(PATIENCE_SECONDS)
    ticket.settle(error=JobCancelled("late"))
    assert ticket.future.result() == 3


def test_a_cancelled_job_is_killed_within_a_second(lane: Lane) -> None:
    worker = psutil.Process(lane.submit(os.getpid, owner="a").future.result(PATIENCE_SECONDS))
    ticket = lane.submit(time.sleep, 60, owner="a")
    wait_until(lambda: ticket.started is not None)
    lane.cancel(ticket)
    with pytest.raises(JobCancelled):
        ticket.future.result(0)
    wait_until(lambda: not worker.is_running())


def test_a_job_whose_owner_left_is_killed(lane: Lane) -> None:
    here: Future[None] = Future()
    worker = psutil.Process(lane.submit(os.getpid, owner="a").future.result(PATIENCE_SECONDS))
    ticket = lane.submit(time.sleep, 60, owner="a", is_wanted=lambda: not here.done())
    wait_until(lambda: ticket.started is not None)
    here.set_result(None)
    wait_until(lambda: not worker.is_running())
    with pytest.raises(JobCancelled):
        ticket.future.result(PATIENCE_SECONDS)


def test_owners_take_turns_however_many_jobs_one_of_them_has(lane: Lane, tmp_path: Path) -> None:
    mark = tmp_path / "end"
    program = f"import os, time\nwhile not os.path.exists({str(mark)!r}): time.sleep(0.02)"
    running = lane.submit(exec, program, owner="many")
    wait_until(lambda: running.started is not None)
    finished: list[str] = []
    many = [lane.submit(time.sleep, 0, owner="many") for _ in range(5)]
    one = lane.submit(time.sleep, 0, owner="one")
    for ticket in [*many, one]:
        ticket.future.add_done_callback(lambda _, owner=ticket.owner: finished.append(owner))
    assert lane.queue_position([one]) <= 1
    mark.touch()
    for ticket in [*many, one]:
        ticket.future.result(PATIENCE_SECONDS)
    wait_until(lambda: len(finished) == 6)
    assert finished.index("one") <= 2


def test_a_full_queue_refuses_at_once() -> None:
    lane = Lane(workers=1, limits=LIMITS, max_waiting=1)
    try:
        first = lane.submit(time.sleep, 30, owner="a")
        wait_until(lambda: first.started is not None)
        lane.submit(time.sleep, 0, owner="a")
        with pytest.raises(QueueBusy):
            lane.submit(time.sleep, 0, owner="b").future.result(0)
    finally:
        lane.close()
