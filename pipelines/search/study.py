"""The study of a search: what is asked for, and how a study is made, checked and described."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import optuna
from optuna.storages import RDBStorage

from core.dataset.splits import KEY
from core.search.budget import Budget
from core.search.queue import PRUNER_FIRST_EPOCH, PRUNER_STARTUP_TRIALS, STARTUP_TRIALS
from core.search.spaces import SearchSpace
from core.search.storage import live_path, open_storage, restore_study
from core.search.studies import (
    BUDGET,
    DATASET,
    OBJECTIVE,
    ORIGIN,
    SPACE,
    THESIS,
    StudyRecord,
)
from core.search.trial_strips import TrialStrips
from core.store import ArtifactStore
from pipelines.base import UserError, option

OBJECTIVE_TEXT = "PSNR in dB + SSIM, both at range 255 (means over the validation images)"
THESIS_ORIGIN = "optimum of the thesis"


@dataclass(frozen=True)
class Config:
    """What to search, where, and what a trial may spend."""

    model: str = option(help="model to search, such as ae80", positional=True)
    trials: int = option(20, help="trials that the study shall have finished in all")
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
    seed: int = option(0, help="seed of the sampler")
    heartbeat: int = option(
        15,
        help="seconds between signs of life of a trial; after four times as long without one "
        "it is tried again",
    )
    restart: bool = option(False, help="forget the study and start anew")

    def __post_init__(self) -> None:
        for name in ("trials", "workers", "heartbeat"):
            if getattr(self, name) < 1:
                raise ValueError(f"--{name} must be at least 1; received {getattr(self, name)}.")
        if self.seed < 0:
            raise ValueError(f"--seed must not be negative; received {self.seed}.")
        self.budget()

    def given(self) -> dict[str, Any]:
        """Fields of the budget that were given at the command line."""
        names = ("images", "validation_images", "epochs", "precision")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def budget(self) -> Budget:
        """Budget of a new study."""
        return replace(Budget(), **self.given())


def open_live_storage(config: Config, store: ArtifactStore, url: str) -> RDBStorage:
    """Storage of the search; where none is named, the live database of this machine."""
    with store.lock(f"cache/search/{config.model}"):
        live_path(store, config.model).parent.mkdir(parents=True, exist_ok=True)
        if config.storage is None and restore_study(store, config.model):
            print(f"search: goes on from the committed study of {config.model}", flush=True)
        return open_storage(url, heartbeat_seconds=config.heartbeat)


def open_study(
    config: Config, store: ArtifactStore, storage: RDBStorage, space: SearchSpace, dataset: str
) -> tuple[optuna.Study, Budget]:
    """The study, made if need be, and the budget of its trials."""
    with store.lock(f"cache/search/{config.model}"):
        names = [summary.study_name for summary in optuna.get_all_study_summaries(storage)]
        if config.restart and config.model in names:
            optuna.delete_study(study_name=config.model, storage=storage)
        study = optuna.create_study(
            study_name=config.model, storage=storage, direction="maximize", load_if_exists=True
        )
        if BUDGET not in study.user_attrs:
            TrialStrips(store, config.model).forget()
            _describe(study, space, config.budget(), dataset)
    _check_study(config, study, dataset)
    return study, Budget(**study.user_attrs[BUDGET])


def _describe(study: optuna.Study, space: SearchSpace, budget: Budget, dataset: str) -> None:
    """Writes down what the study is, and asks for the thesis' optimum as its first trial."""
    facts = {
        DATASET: dataset,
        SPACE: space.record(),
        THESIS: space.thesis,
        OBJECTIVE: OBJECTIVE_TEXT,
        BUDGET: asdict(budget),
    }
    for name, value in facts.items():
        study.set_user_attr(name, value)
    study.enqueue_trial(space.thesis, user_attrs={ORIGIN: THESIS_ORIGIN}, skip_if_exists=True)


def _check_study(config: Config, study: optuna.Study, dataset: str) -> None:
    """Refuses to mix trials that cannot be compared."""
    found = study.user_attrs
    advice = "Start anew with --restart, or give the study's own values."
    for name, value in config.given().items():
        if found[BUDGET].get(name) != value:
            raise UserError(
                f"The study {study.study_name} was made with {name} {found[BUDGET].get(name)}; "
                f"received {value}. {advice}"
            )
    if found[DATASET] != dataset:
        raise UserError(
            f"The study {study.study_name} was made on another data set (sha256 "
            f"{found[DATASET][:12]}; here {dataset[:12]}). Start anew with --restart."
        )


def study_facts(config: Config, record: StudyRecord, storage: RDBStorage) -> dict[str, Any]:
    """What the manifest of the committed study says; no address of a database."""
    best = record.best
    return {
        "model": config.model,
        "dataset": {"name": KEY.rpartition("/")[2], "sha256": record.attributes[DATASET]},
        "budget": dict(record.budget),
        "trials": record.counts,
        "best": None
        if best is None
        else {"number": best.number, "value": best.value, "params": dict(best.params)},
        "objective": OBJECTIVE_TEXT,
        "sampler": f"TPE, multivariate, constant liar, {STARTUP_TRIALS} random trials, seed "
        f"{config.seed}",
        "pruner": f"median, {PRUNER_STARTUP_TRIALS} trials first, from epoch {PRUNER_FIRST_EPOCH}",
        "storage": storage.engine.dialect.name,
    }
