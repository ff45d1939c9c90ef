"""Searches filters, activation and learning rate of a model with Optuna."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import optuna
from optuna.storages import RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from core.dataset.splits import dataset_key, open_split
from core.plain_english import counted
from core.search.budget import Budget
from core.search.spaces import SearchSpace, get_space
from core.search.storage import (
    StorageError,
    close_storage,
    commit_study,
    live_path,
    shown_url,
    sqlite_url,
)
from core.search.studies import SEED, to_record
from core.search.trial_previews import TrialPreviews
from core.stop_request import StopRequest
from core.store import ArtifactStore
from core.training_records.previews import PREVIEWS
from pipelines.base import UserError, run_step
from pipelines.search.config import Config
from pipelines.search.repeats import wanted_trials
from pipelines.search.report import Report, best_lines
from pipelines.search.study import open_live_storage, open_study, study_facts
from pipelines.search.workers import Job, Objective, running_workers, training_objective

_POLL_SECONDS = 0.5


def search(config: Config) -> None:
    """Searches a model's parameters, by trials that train on a part of the data set.

    The study is kept in a database, so a search can be stopped and run again until all trials
    are finished, and workers on any number of machines can share one.
    """
    make_objective = partial(training_objective, name=config.study_name, dataset=config.dataset)
    run_search(config, ArtifactStore.default(), make_objective)


def run_search(
    config: Config,
    store: ArtifactStore,
    make_objective: Callable[[str, Budget, ArtifactStore], Objective],
) -> None:
    """Brings the study of a model to its number of trials and commits it.

    Args:
        config: What to search.
        store: Where data set and study are.
        make_objective: Gives the objective inside a worker; imported by name there.

    Raises:
        UserError: The model, the storage or the budget does not fit.
        ArtifactError: The data set is not prepared.
        Stopped: A signal came; what was finished is committed.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = _space(config.model)
    dataset = _dataset(config, store)
    url = config.storage or sqlite_url(live_path(store, config.study_name))
    with _storage_errors(url):
        storage = open_live_storage(config, store, url)
        study, budget = open_study(config, store, storage, space, dataset)
        job = Job(
            url=url,
            study=config.study_name,
            trials=wanted_trials(study, config.trials),
            seed=study.user_attrs[SEED],
            heartbeat_seconds=config.heartbeat,
            prepare=partial(make_objective, config.model, budget, store),
        )
        try:
            _supervise(job, study, config.workers)
        finally:
            _finish(config, store, storage, study)


def _space(model: str) -> SearchSpace:
    try:
        return get_space(model)
    except ValueError as error:
        raise UserError(str(error)) from error


def _dataset(config: Config, store: ArtifactStore) -> str:
    """Digest of the data set, whose images are on this machine."""
    for split in ("train", "validation"):
        open_split(store, split, dataset=config.dataset)
    digest: str = store.manifest(dataset_key(config.dataset)).facts["sha256"]
    return digest


@contextmanager
def _storage_errors(url: str) -> Iterator[None]:
    """Says in one line when the database fails, at the start or later."""
    try:
        yield
    except StorageError as error:
        raise UserError(str(error)) from error
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        reason = f"The storage {shown_url(url)} failed ({type(error).__name__})."
        raise UserError(f"{reason} What was finished is kept; run again to go on.") from error


def _supervise(job: Job, study: optuna.Study, workers: int) -> None:
    """Starts the workers and reports every trial until the last one is finished."""
    report = Report(to_record(study), job.trials)
    if report.is_complete:
        return
    stop = StopRequest()
    with stop.listening(), running_workers(job, workers) as processes:
        while not report.is_complete:
            time.sleep(_POLL_SECONDS)
            stop.check()
            alive = any(process.is_alive() for process in processes)
            report.tell(to_record(study))
            if not alive and not report.is_complete:
                raise UserError(
                    f"All workers ended after {report.finished} of {job.trials} trials. "
                    "What was finished is kept; run again to go on."
                )


def _finish(config: Config, store: ArtifactStore, storage: RDBStorage, study: optuna.Study) -> None:
    """Commits the study and says what it found."""
    record = to_record(study)
    manifest = commit_study(
        store, config.study_name, storage, facts=study_facts(config, record, storage)
    )
    close_storage(storage)
    previews = TrialPreviews(store, config.study_name).pack(record)
    for line in best_lines(record):
        print(line)
    trials = counted(len(record.trials), "trial")
    print(f"Wrote {store.shown(manifest.key)}.db ({trials}).", flush=True)
    if previews is not None:
        packed = counted(len(previews.facts[PREVIEWS]), "trial")
        print(f"Wrote {store.shown(previews.key)}.png (previews of {packed}).", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of the step; 130 or 143 when a signal stopped it."""
    kept = "what was finished is kept. Run again to go on."
    return run_step(Config, search, name="search", argv=argv, kept=kept)
