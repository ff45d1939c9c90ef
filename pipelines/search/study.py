"""The study of a search: how it is made, gone on with and described."""

import warnings
from dataclasses import asdict, replace
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage

from core.search.budget import Budget
from core.search.queue import PRUNER_FIRST_EPOCH, PRUNER_STARTUP_TRIALS, STARTUP_TRIALS
from core.search.spaces import SearchSpace
from core.search.storage import live_path, open_storage, restore_study
from core.search.studies import (
    BUDGET,
    DATASET,
    DATASET_NAME,
    MODEL,
    OBJECTIVE,
    ORIGIN,
    REPEATS,
    SEED,
    SPACE,
    THESIS,
    StudyRecord,
    TrialRecord,
    to_record,
)
from core.search.study_reading import read_committed_study
from core.search.trial_previews import TrialPreviews
from core.store import ArtifactStore, DamagedArtifact, UnreadableArtifact
from pipelines.search.checks import check_images, check_replaceable, check_study
from pipelines.search.config import Config
from pipelines.search.repeats import queue_repeats, queued_count, trials_to_repeat


def open_live_storage(config: Config, store: ArtifactStore, url: str) -> RDBStorage:
    """Storage of the search; where none is named, the live database of this machine."""
    name = config.study_name
    with store.lock(f"cache/search/{name}"):
        if config.restart:  # an empty database would take the place of the committed study
            check_replaceable(config, store, None)
        live_path(store, name).parent.mkdir(parents=True, exist_ok=True)
        if config.storage is None and not config.restart and _is_restored(store, name):
            print(f"search: goes on from the committed study of {name}", flush=True)
        return open_storage(url, heartbeat_seconds=config.heartbeat)


def _is_restored(store: ArtifactStore, name: str) -> bool:
    """Whether the live database was made from the committed study; a damaged one is left out."""
    try:
        return restore_study(store, name)
    except UnreadableArtifact:
        raise
    except DamagedArtifact as error:
        print(f"search: {error.location} {error.reason}; the study starts anew", flush=True)
        return False


def open_study(
    config: Config, store: ArtifactStore, storage: RDBStorage, space: SearchSpace, dataset: str
) -> tuple[optuna.Study, Budget]:
    """The study, made if need be, and the budget of its trials.

    Args:
        config: What to search.
        store: Where data set, committed studies and previews are.
        storage: Where the study is, or is made.
        space: Search space of the model.
        dataset: sha256 of the data set.

    Raises:
        UserError: The study cannot go on or be made so; nothing is stored.
        ArtifactError: The data set is not prepared, or the study to repeat is missing or damaged.
    """
    name = config.study_name
    with store.lock(f"cache/search/{name}"):
        is_there = name in (one.study_name for one in optuna.get_all_study_summaries(storage))
        found = _found(config, storage) if is_there and not config.restart else None
        check_replaceable(config, store, found)
        if found is not None:
            check_study(config, found, space, dataset)
        # A study that was cut short while it was described knows what it repeats, and no more.
        config = replace(config, repeat=config.repeat or (found.repeats if found else None))
        repeated = _repeated(config, store, found, dataset)
        budget = _budget(config, store, space, found)
        check_images(config, store, budget)
        study = _made(name, storage, space, anew=is_there and config.restart)
        if BUDGET not in study.user_attrs:
            TrialPreviews(store, name).forget()
            _describe(study, space, config, dataset, budget=budget)
        # Another machine may have made it in the meantime.
        check_study(config, to_record(study), space, dataset)
        study.set_user_attr(DATASET_NAME, config.dataset)
        if SEED not in study.user_attrs:  # it is new, or was begun by an earlier version
            study.set_user_attr(SEED, config.seed or 0)
        queue_repeats(study, repeated)
    return study, Budget(**study.user_attrs[BUDGET])


def _found(config: Config, storage: RDBStorage) -> StudyRecord:
    return to_record(optuna.load_study(study_name=config.study_name, storage=storage))


def _made(name: str, storage: RDBStorage, space: SearchSpace, *, anew: bool) -> optuna.Study:
    """The study, made where it is not there, or in place of the one that is."""
    if anew:
        optuna.delete_study(study_name=name, storage=storage)
    return optuna.create_study(
        study_name=name,
        storage=storage,
        directions=[objective.direction for objective in space.objectives],
        load_if_exists=True,
    )


def _repeated(
    config: Config, store: ArtifactStore, found: StudyRecord | None, dataset: str
) -> list[TrialRecord]:
    """Trials of another study that this one trains again; none where it is a search."""
    if config.repeat is None:
        return []
    count = config.trials or (found and queued_count(found)) or None
    return trials_to_repeat(store, config.repeat, model=config.model, dataset=dataset, count=count)


def _budget(
    config: Config, store: ArtifactStore, space: SearchSpace, found: StudyRecord | None
) -> Budget:
    """The study's own budget; of a new one what is not given is as in the study it repeats."""
    if found is not None and found.budget:
        return Budget(**found.budget)
    if config.repeat is None:
        return config.budget(space)
    return replace(Budget(**read_committed_study(store, config.repeat).budget), **config.given())


def _describe(
    study: optuna.Study, space: SearchSpace, config: Config, dataset: str, *, budget: Budget
) -> None:
    """Writes down what the study is, and asks for its first trial.

    The budget comes last: where it is missing, the description was cut short and is repeated.
    """
    facts = {
        REPEATS: config.repeat,
        MODEL: config.model,
        DATASET: dataset,
        SPACE: space.record(),
        OBJECTIVE: space.definition,
        THESIS: space.thesis,
    }
    for name, value in facts.items():
        if value is not None:
            study.set_user_attr(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names([objective.name for objective in space.objectives])
    if config.repeat is None:
        study.enqueue_trial(space.first, user_attrs={ORIGIN: space.origin}, skip_if_exists=True)
    study.set_user_attr(BUDGET, asdict(budget))


def _trial_facts(trial: TrialRecord) -> dict[str, Any]:
    return {"number": trial.number, "values": list(trial.values), "params": dict(trial.params)}


def study_facts(config: Config, record: StudyRecord, storage: RDBStorage) -> dict[str, Any]:
    """What the manifest of the committed study says; no address of a database."""
    seed = record.attributes[SEED]
    sampler = f"TPE, multivariate, constant liar, {STARTUP_TRIALS} random trials, seed {seed}"
    pruner = (
        f"median, {PRUNER_STARTUP_TRIALS} trials first, from epoch {PRUNER_FIRST_EPOCH}"
        if len(record.directions) == 1
        else "none: Optuna prunes by one objective only; a trial without a value counts as pruned"
    )
    if record.repeats is not None:
        sampler = f"none: the complete trials of {record.repeats}, its best first"
        pruner = "none: trials are compared at their end"
    return {
        "model": config.study_name,
        "architecture": config.model,
        "dataset": {"name": config.dataset, "sha256": record.attributes[DATASET]},
        "budget": dict(record.budget),
        "trials": record.counts,
        "best": [_trial_facts(trial) for trial in record.front],
        "objective": record.attributes[OBJECTIVE],
        "sampler": sampler,
        "pruner": pruner,
        "storage": storage.engine.dialect.name,
    }
