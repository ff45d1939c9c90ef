"""The study of a search: what is asked for, and how a study is made, checked and described."""

import warnings
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage

from core.dataset.splits import DEFAULT
from core.search.budget import Budget
from core.search.queue import PRUNER_FIRST_EPOCH, PRUNER_STARTUP_TRIALS, STARTUP_TRIALS
from core.search.spaces import SearchSpace
from core.search.storage import live_path, open_storage, restore_study, study_key
from core.search.studies import (
    BUDGET,
    DATASET,
    FINISHED,
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
from core.store import ArtifactStore, DamagedArtifact, MissingArtifact, UnreadableArtifact
from pipelines.base import UserError, check_name, option
from pipelines.search.repeats import (
    DEFAULT_TRIALS,
    queue_repeats,
    queued_count,
    trials_to_repeat,
)


@dataclass(frozen=True)
class Config:
    """What to search, where, and what a trial may spend."""

    model: str = option(help="model to search, such as ae80", positional=True)
    name: str | None = option(None, help="name of the study (default: the model's)")
    dataset: str = option(DEFAULT, help="prepared data set to train on", metavar="NAME")
    trials: int | None = option(
        None,
        help="trials that the study shall have finished in all (default: "
        f"{DEFAULT_TRIALS}, or those that are queued in a study with --repeat)",
    )
    repeat: str | None = option(
        None,
        help="train the complete trials of this committed study again, its best first, with "
        "another budget, in place of a search: does that decide alike?",
        metavar="STUDY",
    )
    storage: str | None = option(
        None, help="database to share with other machines, such as postgresql://..."
    )
    workers: int = option(1, help="worker processes on this machine")
    images: int | None = option(None, help=f"training images of a trial (default: {Budget.images})")
    validation_images: int | None = option(
        None, help=f"validation images of a trial (default: {Budget.validation_images})"
    )
    epochs: int | None = option(None, help=f"epochs of a trial (default: {Budget.epochs})")
    precision: str | None = option(
        None,
        help="numbers to compute in (default: float32)",
        choices=("float32", "mixed_bfloat16"),
    )
    seed: int | None = option(None, help="seed of the sampler (default: the study's; 0 if new)")
    heartbeat: int = option(
        15,
        help="seconds between signs of life of a trial; after four times as long without one "
        "it is tried again",
    )
    restart: bool = option(False, help="forget the study and start anew")
    replace: bool = option(False, help="replace a committed study whose trials this one lacks")

    def __post_init__(self) -> None:
        check_name("--name", self.name)
        check_name("--dataset", self.dataset)
        check_name("--repeat", self.repeat)
        for name in ("trials", "workers", "heartbeat"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"--{name} must be at least 1; received {value}.")
        if self.repeat == self.study_name:
            raise ValueError(f"--repeat {self.repeat} needs a --name of its own.")
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"--seed must not be negative; received {self.seed}.")
        self.budget()

    @property
    def study_name(self) -> str:
        """Name of the study."""
        return self.name or self.model

    def given(self) -> dict[str, Any]:
        """Fields of the budget that were given at the command line."""
        names = ("images", "validation_images", "epochs", "precision")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def budget(self, space: SearchSpace | None = None) -> Budget:
        """Budget of a new study, with the images per step of its space."""
        batch = Budget.batch if space is None else space.batch
        return replace(Budget(batch=batch), **self.given())


def open_live_storage(config: Config, store: ArtifactStore, url: str) -> RDBStorage:
    """Storage of the search; where none is named, the live database of this machine."""
    name = config.study_name
    with store.lock(f"cache/search/{name}"):
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
    """The study, made if need be, and the budget of its trials."""
    name = config.study_name
    with store.lock(f"cache/search/{name}"):
        names = [summary.study_name for summary in optuna.get_all_study_summaries(storage)]
        goes_on = name in names and not config.restart
        found = to_record(optuna.load_study(study_name=name, storage=storage)) if goes_on else None
        _check_replaceable(config, store, found)
        repeated = _repeated(config, store, found)
        if config.restart and name in names:
            optuna.delete_study(study_name=name, storage=storage)
        study = optuna.create_study(
            study_name=name,
            storage=storage,
            directions=[objective.direction for objective in space.objectives],
            load_if_exists=True,
        )
        if BUDGET not in study.user_attrs:
            TrialPreviews(store, name).forget()
            _describe(study, space, config, dataset, budget=_budget(config, store, space))
        _check_study(config, study, dataset)
        if SEED not in study.user_attrs:  # it is new, or was begun by an earlier version
            study.set_user_attr(SEED, config.seed or 0)
        queue_repeats(study, repeated)
    return study, Budget(**study.user_attrs[BUDGET])


def _repeated(config: Config, store: ArtifactStore, found: StudyRecord | None) -> list[TrialRecord]:
    """Trials of another study that this one trains again; none where it is a search."""
    name = (found and found.repeats) or config.repeat
    if name is None:
        return []
    count = config.trials or (found and queued_count(found)) or None
    return trials_to_repeat(store, name, model=config.model, count=count)


def _check_replaceable(config: Config, store: ArtifactStore, found: StudyRecord | None) -> None:
    """Refuses a study that lacks finished trials of the one that it would replace."""
    if config.replace:
        return
    lost = _finished(_committed(store, config.study_name)) - _finished(found)
    if lost:
        key = study_key(config.study_name)
        raise UserError(
            f"{store.shown(key)} has {len(lost)} finished trials that this search does not go on "
            f"from. Keep it and search under a name of your own with `python -m pipelines.search "
            f"{config.model} --name NAME`, or replace it with --replace."
        )


def _committed(store: ArtifactStore, name: str) -> StudyRecord | None:
    """The committed study; None where there is none, or one that is damaged."""
    try:
        return read_committed_study(store, name)
    except UnreadableArtifact:
        raise
    except (MissingArtifact, DamagedArtifact):
        return None


def _finished(study: StudyRecord | None) -> set[tuple[datetime | None, str]]:
    """What identifies the finished trials of a study, also after it was copied."""
    trials = () if study is None else study.trials
    return {
        (trial.started, repr(sorted(trial.params.items())))
        for trial in trials
        if trial.state in FINISHED
    }


def _budget(config: Config, store: ArtifactStore, space: SearchSpace) -> Budget:
    """Budget of a new study; what is not given is as in the study that it repeats."""
    if config.repeat is None:
        return config.budget(space)
    return replace(Budget(**read_committed_study(store, config.repeat).budget), **config.given())


def _describe(
    study: optuna.Study, space: SearchSpace, config: Config, dataset: str, *, budget: Budget
) -> None:
    """Writes down what the study is, and asks for its first trial."""
    facts = {
        MODEL: config.model,
        DATASET: dataset,
        SPACE: space.record(),
        OBJECTIVE: space.definition,
        BUDGET: asdict(budget),
    }
    if space.thesis is not None:
        facts[THESIS] = space.thesis
    if config.repeat is not None:
        facts[REPEATS] = config.repeat
    for name, value in facts.items():
        study.set_user_attr(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names([objective.name for objective in space.objectives])
    if config.repeat is None:
        study.enqueue_trial(space.first, user_attrs={ORIGIN: space.origin}, skip_if_exists=True)


def _check_study(config: Config, study: optuna.Study, dataset: str) -> None:
    """Refuses to mix trials that cannot be compared."""
    found = study.user_attrs
    advice = (
        "Give the study's own values, search under another --name, or start anew with --restart "
        "--replace."
    )
    made = {**found[BUDGET], "seed": found.get(SEED, config.seed)}
    wanted = config.given() | ({} if config.seed is None else {"seed": config.seed})
    for name, value in wanted.items():
        if made.get(name) != value:
            raise UserError(
                f"The study {study.study_name} was made with {name} {made.get(name)}; "
                f"received {value}. {advice}"
            )
    if config.repeat not in (None, found.get(REPEATS)):
        raise UserError(
            f"The study {study.study_name} does not repeat {config.repeat}. Give another --name."
        )
    if found[DATASET] != dataset:
        raise UserError(
            f"The study {study.study_name} was made on another data set (sha256 "
            f"{found[DATASET][:12]}; here {dataset[:12]}). Search under another "
            "--name, or start anew with --restart --replace."
        )


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
