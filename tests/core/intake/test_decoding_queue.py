"""Many visitors share few decoding processes: places, order, and who leaves."""

import threading
import time
from types import ModuleType

import numpy as np
import pytest

from core.intake.errors import IntakeBusy
from core.intake.isolation import WorkerPool, decode_image_isolated
from tests.core.intake.hostile_decoding import (
    PIXELS,
    PNG,
    Left,
    busy_for,
    is_running,
    leave_page,
    process_of,
)
from tests.waiting import wait_until


def test_many_threads_share_few_workers(hostile: ModuleType, pool: WorkerPool) -> None:
    processes: set[int] = set()
    failures: list[BaseException] = []

    def visit() -> None:
        try:
            processes.add(process_of(pool, hostile))
            np.testing.assert_array_equal(decode_image_isolated(PNG, pool=pool).pixels, PIXELS)
        except BaseException as error:
            failures.append(error)

    visitors = [threading.Thread(target=visit) for _ in range(20)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert failures == []
    assert len(processes) <= 2


def test_who_waits_too_long_for_a_turn_is_told_so(hostile: ModuleType) -> None:
    pool = WorkerPool(1, wait_seconds=0.2)
    busy = busy_for(2, hostile, pool)
    with pytest.raises(IntakeBusy, match="Too many images are being read"):
        decode_image_isolated(PNG, pool=pool)
    busy.join()
    assert decode_image_isolated(PNG, pool=pool).format == "PNG"
    pool.close()


@pytest.mark.slow
def test_who_waits_for_a_turn_is_told_his_place_and_served_in_order(hostile: ModuleType) -> None:
    pool, served, places = WorkerPool(1), [], []
    busy = busy_for(3, hostile, pool)

    def wait(name: str, seen: list[int | None]) -> None:
        decode_image_isolated(PNG, pool=pool, show=seen.append)
        served.append(name)

    waiting = []
    for name in "abc":
        places.append([])
        waiting.append(threading.Thread(target=wait, args=(name, places[-1])))
        waiting[-1].start()
        wait_until(lambda: places[-1])  # the first look comes within a fraction of a second
    for thread in [busy, *waiting]:
        thread.join()
    pool.close()
    assert [seen[0] for seen in places] == [0, 1, 2]
    assert served == ["a", "b", "c"]


def test_decoding_ends_when_the_visitor_leaves(hostile: ModuleType, pool: WorkerPool) -> None:
    process, started = process_of(pool, hostile), time.monotonic()
    with pytest.raises(Left):
        decode_image_isolated(PNG, decode=hostile.sleep, pool=pool, show=leave_page)
    assert time.monotonic() - started < 5
    assert not is_running(process)
    assert decode_image_isolated(PNG, pool=pool).format == "PNG"


@pytest.mark.slow
def test_who_leaves_the_queue_holds_up_nobody(hostile: ModuleType) -> None:
    pool = WorkerPool(1)
    busy = busy_for(2, hostile, pool)
    with pytest.raises(Left):
        decode_image_isolated(PNG, pool=pool, show=leave_page)
    busy.join()
    assert decode_image_isolated(PNG, pool=pool).format == "PNG"
    pool.close()
