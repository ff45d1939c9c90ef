import os
import signal
import sys
import time
from concurrent.futures import CancelledError

import pytest

from pipelines.worker_pool import worker_pool
from tests.pipelines.page_faults import PAGES, page_faults


def test_workers_compute_with_one_thread_and_the_parent_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with worker_pool(1) as pool:
        seen = pool.submit(os.getenv, "OMP_NUM_THREADS").result()
    assert seen == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_waiting_work_is_dropped_when_the_run_fails():
    waiting = []

    def fail():
        with worker_pool(1) as pool:
            waiting.extend(pool.submit(time.sleep, 0.2) for _ in range(100))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with pytest.raises(CancelledError):
        waiting[-1].result()


def test_workers_leave_ctrl_c_to_the_parent():
    with worker_pool(1) as pool:
        assert pool.submit(signal.getsignal, signal.SIGINT).result() == signal.SIG_IGN


@pytest.mark.skipif(sys.platform != "linux", reason="It is a setting of glibc.")
def test_workers_keep_freed_memory():
    with worker_pool(1) as pool:
        assert pool.submit(page_faults).result() < PAGES
