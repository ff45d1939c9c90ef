"""Workers of a search on one SQLite file: killed, stopped, locked out, and many at once."""

import os
import signal
import sqlite3
import time
from contextlib import closing

import numpy as np
import optuna
import pytest

from core.search.queue import SURPLUS, Interrupted, SurplusTrial, check_wanted, requeue
from core.search.storage import sqlite_url
from core.search.study_reading import read_database
from pipelines.search.workers import running_workers, work
from tests.pipelines.search.search_objectives import (
    job,
    prepare_cheap,
    prepare_reporting,
    prepare_slow,
    running_since_start,
    study_at,
    suggested,
)
from tests.waiting import wait_until


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_its_trial_is_tried_again(tmp_path):
    path = tmp_path / "study.db"
    study = study_at(path)
    url = sqlite_url(path)
    with running_workers(job(url, prepare_slow, trials=3), 1) as (victim,):
        wait_until(lambda: running_since_start(path))
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
    lost = dict(study.trials[0].params)
    with running_workers(job(url, prepare_cheap, trials=3), 2) as workers:
        for worker in workers:
            worker.join(60)
    record = read_database(path, "ae80", shown="", live=True)
    assert record.counts["complete"] == 3
    run = [trial for trial in record.trials if SURPLUS not in trial.attributes]
    assert [trial.number for trial in run if trial.state == "fail"] == [0]
    assert [dict(trial.params) for trial in run if trial.retry_of == 0] == [lost]


def test_a_lost_trial_that_two_workers_put_into_the_queue_is_run_once(tmp_path):
    study = study_at(tmp_path / "study.db")
    study.ask()
    study.tell(0, state=optuna.trial.TrialState.FAIL)
    requeue(study, 0)
    requeue(study, 0)
    check_wanted(study, study.ask(), 9)
    with pytest.raises(SurplusTrial, match="trial 0 is repeated already"):
        check_wanted(study, study.ask(), 9)


@pytest.mark.slow
def test_workers_that_are_asked_to_stop_leave_their_trials_to_the_next_run(tmp_path):
    path = tmp_path / "study.db"
    study_at(path)
    began = 0.0
    with running_workers(job(sqlite_url(path), prepare_slow, trials=2), 1):
        wait_until(lambda: running_since_start(path))
        began = time.monotonic()
    assert time.monotonic() - began < 30  # the trial would go on for as long
    found = read_database(path, "ae80", shown="", live=True).trials
    assert [trial.state for trial in found] == ["fail", "waiting"]
    assert found[1].params == found[0].params


@pytest.mark.slow
def test_four_workers_make_fifteen_trials_each_on_one_sqlite_file(tmp_path):
    path = tmp_path / "study.db"
    study_at(path)
    with running_workers(job(sqlite_url(path), prepare_reporting, trials=60), 4) as workers:
        for worker in workers:
            worker.join(300)
        assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    record = read_database(path, "ae80", shown="", live=True)
    assert record.counts["complete"] == 60
    assert all(len(trial.reports) == 3 for trial in record.trials if trial.state == "complete")


@pytest.mark.slow
def test_a_database_that_is_locked_for_longer_than_sqlite_waits_is_waited_for(tmp_path):
    path = tmp_path / "study.db"
    study_at(path)
    with running_workers(job(sqlite_url(path), prepare_cheap, trials=40), 2) as workers:
        wait_until(lambda: path.stat().st_size > 0)
        with closing(sqlite3.connect(path, timeout=60)) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(12)  # by itself it waits for 5 seconds
            other.rollback()
        for worker in workers:
            worker.join(120)
        assert [worker.exitcode for worker in workers] == [0, 0]
    assert read_database(path, "ae80", shown="", live=True).counts["complete"] == 40


@pytest.mark.slow
def test_a_database_survives_twenty_kills_and_every_trial_is_made_up_for(tmp_path):
    path = tmp_path / "study.db"
    study_at(path)
    pause = np.random.default_rng(0).uniform(0.0, 0.4, 20)
    for seconds in pause:
        with running_workers(job(sqlite_url(path), prepare_reporting, trials=10_000), 1) as (one,):
            wait_until(lambda: path.stat().st_mtime > time.time() - 0.5)
            time.sleep(seconds)
            os.kill(one.pid, signal.SIGKILL)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    done = read_database(path, "ae80", shown="", live=True).counts["complete"]
    with running_workers(job(sqlite_url(path), prepare_cheap, trials=done + 5), 1) as (one,):
        one.join(120)
        assert one.exitcode == 0
    counts = read_database(path, "ae80", shown="", live=True).counts
    assert counts["complete"] == done + 5


def worked_here(path, prepare, *, trials):
    """The trials of a study after a worker in this process."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    study_at(path)
    try:
        work(job(sqlite_url(path), prepare, trials=trials))
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    return read_database(path, "ae80", shown="", live=True).trials


def test_a_worker_can_be_run_in_this_process(tmp_path):
    trials = worked_here(tmp_path / "study.db", prepare_cheap, trials=3)
    assert [trial.state for trial in trials] == ["complete"] * 3


def test_a_trial_that_is_stopped_again_and_again_is_finished_in_the_end(tmp_path):
    def stop_five_times(trial, should_stop):
        value = suggested(trial)
        if trial.number < 5:
            raise Interrupted
        return value

    trials = worked_here(tmp_path / "study.db", lambda: stop_five_times, trials=1)
    assert [trial.state for trial in trials] == ["fail"] * 5 + ["complete"]
    assert all(trial.params == trials[0].params for trial in trials)


def given_up_once(path, how):
    """Objective whose first trial another worker takes for one of a dead worker."""

    def judge(trial, should_stop):
        value = suggested(trial)
        if trial.number == 0:
            study = study_at(path)
            study.tell(0, state=optuna.trial.TrialState.FAIL)
            requeue(study, 0)
            how(trial)
        return value

    return judge


def asked_to_stop(trial):
    raise Interrupted


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(lambda trial: None, id="ends"),
        pytest.param(lambda trial: trial.report(1.0, 1), id="reports"),
        pytest.param(asked_to_stop, id="stops"),
    ],
)
def test_a_worker_that_was_taken_for_dead_goes_on_and_its_trial_is_run_once_more(tmp_path, how):
    path = tmp_path / "study.db"
    trials = worked_here(path, lambda: given_up_once(path, how), trials=2)
    assert [trial.state for trial in trials] == ["fail", "complete", "complete"]
    assert trials[1].params == trials[0].params


def test_an_error_of_the_objective_ends_the_worker(tmp_path):
    def fail(trial, should_stop):
        raise ValueError("of its own")

    with pytest.raises(ValueError, match="of its own"):
        worked_here(tmp_path / "study.db", lambda: fail, trials=1)


def test_a_trial_that_two_workers_took_from_the_queue_counts_once(tmp_path):
    path = tmp_path / "study.db"

    def judge(trial, should_stop):
        value = suggested(trial)
        if trial.number == 0:
            study_at(path).tell(0, value)
        return value

    trials = worked_here(path, lambda: judge, trials=2)
    assert [trial.state for trial in trials] == ["complete", "complete"]
