"""Worker processes of a search: each takes trials from the study until there are enough."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

import optuna
from optuna.exceptions import UpdateFinishedTrialError

from core.jobs.process_limits import available_cores
from core.search.budget import Budget
from core.search.queue import (
    Interrupted,
    SurplusTrial,
    TrialSeededSampler,
    check_wanted,
    finished_count,
    has_ended,
    is_exhausted,
    make_pruner,
    may_begin,
    requeue_lost_trials,
    requeue_stopped,
)
from core.search.storage import close_storage, open_storage
from core.stop_request import follow_parent
from core.store import ArtifactStore
from pipelines.quiet_import import quiet_import

Objective = Callable[[optuna.Trial, Callable[[], bool]], float | tuple[float, ...]]

#: Seconds that a worker has for the end of its step after it was asked to stop.
_STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Job:
    """What a worker does.

    Attributes:
        url: Storage of the study.
        study: Name of the study.
        trials: How many trials the study shall have finished in all.
        seed: Seed of the sampler.
        heartbeat_seconds: How often a running trial says that it is alive.
        prepare: Gives the objective, once per worker; it is imported by name there. The objective
            gets the trial, and a question whether it shall stop.
    """

    url: str
    study: str
    trials: int
    seed: int
    heartbeat_seconds: int
    prepare: Callable[[], Objective]


@contextmanager
def running_workers(job: Job, count: int) -> Iterator[list[BaseProcess]]:
    """Processes that work on a job; at the end those that still run are asked to stop.

    Args:
        job: What they do.
        count: How many there are; they share the processor's cores.
    """
    context = multiprocessing.get_context("spawn")
    threads = max(1, available_cores() // count)
    workers: list[BaseProcess] = [
        context.Process(target=work, args=(job, threads if count > 1 else None), name=f"{number}")
        for number in range(1, count + 1)
    ]
    for worker in workers:
        worker.start()
    try:
        yield workers
    finally:
        _stop(workers)


def _stop(workers: list[BaseProcess]) -> None:
    """Ends the workers; a trial that could not be ended in time is tried again later."""
    for worker in workers:
        if worker.is_alive():
            worker.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for worker in workers:
        worker.join(max(0.0, deadline - time.monotonic()))
        if worker.is_alive():
            worker.kill()
            worker.join()


def work(job: Job, threads: int | None = None) -> None:
    """Runs trials until the study has enough, or SIGTERM asks to stop.

    Args:
        job: What to do.
        threads: Threads of the numeric libraries; theirs to choose when None.
    """
    stop_requested = threading.Event()
    _listen(stop_requested)
    if threads is not None:
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ[name] = str(threads)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = open_storage(job.url, heartbeat_seconds=job.heartbeat_seconds)
    study = optuna.load_study(
        study_name=job.study, storage=storage, sampler=TrialSeededSampler(job.seed)
    )
    study.pruner = make_pruner(study)
    objective = job.prepare()
    while not stop_requested.is_set() and finished_count(study) < job.trials:
        if may_begin(study, job.trials):
            _run_trial(study, objective, job, stop_requested)
        elif is_exhausted(study):
            break
        else:
            stop_requested.wait(job.heartbeat_seconds)
            requeue_lost_trials(study, storage)
    close_storage(storage)


def training_objective(
    model: str, budget: Budget, store: ArtifactStore, *, name: str, dataset: str
) -> Objective:
    """Objective that trains the model; called in the workers, since Keras takes long to import."""
    with quiet_import():
        from core.models import models
        from core.models.training.trial import make_objective

        models()
    return make_objective(model, budget, store, name=name, dataset=dataset)


def _run_trial(
    study: optuna.Study, objective: Objective, job: Job, stop_requested: threading.Event
) -> None:
    """Runs one trial; one that was asked to stop goes into the queue again.

    Another worker may have ended the trial meanwhile, and its result is not wanted any more. It
    took this one for dead where the machine slept, or was too busy for heartbeats, and has put the
    trial into the queue again. Or both took it from the queue: SQLite has no row locks.
    """
    begun: list[int] = []
    failures: list[Exception] = []

    def judged(trial: optuna.Trial) -> float | tuple[float, ...]:
        begun.append(trial.number)
        try:
            check_wanted(study, trial, job.trials)
            return objective(trial, stop_requested.is_set)
        except Exception as error:
            failures.append(error)
            raise

    try:
        study.optimize(judged, n_trials=1, catch=SurplusTrial)
    except Interrupted:
        requeue_stopped(study, begun[0])
    except (AssertionError, ValueError, UpdateFinishedTrialError) as error:
        # Optuna's own error is that the trial has ended; it hides one of the objective, and where
        # there is none, an assertion of Optuna's hides it in turn.
        is_ours = any(error is failure for failure in failures)
        if is_ours or not begun or not has_ended(study, begun[0]):
            raise


def _listen(stop_requested: threading.Event) -> None:
    """Turns SIGTERM into a stop request, and ends with the parent, who would commit the study."""
    signal.signal(signal.SIGTERM, lambda number, frame: stop_requested.set())
    follow_parent()
