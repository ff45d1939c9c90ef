"""What a search refuses to do to a study: to mix trials, or to replace those of others."""

from datetime import datetime

from core.dataset.splits import open_split
from core.plain_english import counted
from core.search.budget import Budget
from core.search.spaces import SearchSpace
from core.search.storage import study_key
from core.search.studies import (
    BUDGET,
    DATASET,
    DATASET_NAME,
    FINISHED,
    MODEL,
    REPEATS,
    SEED,
    SPACE,
    StudyRecord,
)
from core.search.study_reading import read_committed_study
from core.store import ArtifactStore, DamagedArtifact, MissingArtifact, UnreadableArtifact
from pipelines.base import UserError
from pipelines.search.config import Config

_ADVICE = "Search under another --name, or start anew with --restart --replace."


def check_replaceable(config: Config, store: ArtifactStore, found: StudyRecord | None) -> None:
    """Refuses a study that lacks finished trials of the one that it would replace.

    Args:
        config: What to search.
        store: Where the committed study is.
        found: The study that the search goes on with; None where it begins anew.

    Raises:
        UserError: It lacks some, and was not asked to replace them.
    """
    if config.replace:
        return
    lost = _finished(_committed(store, config.study_name)) - _finished(found)
    if lost:
        key = study_key(config.study_name)
        raise UserError(
            f"{store.shown(key)} has {counted(len(lost), 'finished trial')} that this search does "
            f"not go on from. Keep it and search under a name of your own with `python -m "
            f"pipelines.search {config.model} --name NAME`, or replace it with --replace."
        )


def check_study(config: Config, found: StudyRecord, space: SearchSpace, dataset: str) -> None:
    """Refuses to mix trials that cannot be compared.

    Args:
        config: What to search.
        found: The study that the search goes on with; one that was not described yet, as when
            its search was killed at the start, passes unless it is of another model.
        space: Search space of the model.
        dataset: sha256 of the data set.

    Raises:
        UserError: The study is of another model or data set, or was made with other values or in
            another space.
    """
    _check_model(config, found, space)
    if BUDGET not in found.attributes:
        return
    _check_values(config, found)
    _check_space(found, space)
    made_on = found.attributes[DATASET]
    if made_on != dataset:
        named = found.attributes.get(DATASET_NAME, config.dataset)
        advice = _ADVICE if named == config.dataset else f"Give --dataset {named}."
        raise UserError(
            f"The study {found.name} was made on another data set (sha256 {made_on[:12]}; here "
            f"{dataset[:12]}). {advice}"
        )


def check_images(config: Config, store: ArtifactStore, budget: Budget) -> None:
    """Refuses a budget that needs more images than the data set has.

    Args:
        config: What to search.
        store: Where the data set is.
        budget: Budget of a trial.

    Raises:
        UserError: A split has too few images.
        ArtifactError: The data set is not prepared.
    """
    wanted = {"train": budget.images, "validation": budget.validation_images}
    for split, count in wanted.items():
        total = len(open_split(store, split, dataset=config.dataset).images)
        if count > total:
            raise UserError(f"The {split} split has {counted(total, 'image')}; received {count}.")


def _check_model(config: Config, found: StudyRecord, space: SearchSpace) -> None:
    """Refuses a study of another model, or of other objectives, whose trials would all fail."""
    model = found.attributes.get(MODEL, config.model)
    if model != config.model:
        raise UserError(
            f"The study {found.name} is of the model {model}; received {config.model}. {_ADVICE}"
        )
    wanted = tuple(objective.direction for objective in space.objectives)
    if found.directions != wanted:
        raise UserError(
            f"The study {found.name} was made to {' and '.join(found.directions)}; a search of "
            f"{config.model} has to {' and '.join(wanted)}. {_ADVICE}"
        )


def _check_space(found: StudyRecord, space: SearchSpace) -> None:
    """Refuses other choices than a study has, which Optuna does not allow within one study."""
    now = space.record()
    made = found.attributes.get(SPACE, now)
    for name in sorted({*made, *now}):
        if made.get(name) != now.get(name):
            raise UserError(
                f"The study {found.name} was made in another search space: {name} was "
                f"{made.get(name)} and is {now.get(name)}. {_ADVICE}"
            )


def _check_values(config: Config, found: StudyRecord) -> None:
    """Refuses values that differ from those that the study was made with."""
    made = {**found.budget, "seed": found.attributes.get(SEED, config.seed)}
    wanted = config.given() | ({} if config.seed is None else {"seed": config.seed})
    for name, value in wanted.items():
        if made.get(name) != value:
            raise UserError(
                f"The study {found.name} was made with {name} {made.get(name)}; received {value}. "
                "Give the study's own values, search under another --name, or start anew with "
                "--restart --replace."
            )
    if config.repeat not in (None, found.attributes.get(REPEATS)):
        raise UserError(
            f"The study {found.name} does not repeat {config.repeat}. Give another --name."
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
