"""What a search refuses to do to a study: to mix trials, or to replace those of others."""

from datetime import datetime

import optuna

from core.search.storage import study_key
from core.search.studies import BUDGET, DATASET, FINISHED, REPEATS, SEED, StudyRecord
from core.search.study_reading import read_committed_study
from core.store import ArtifactStore, DamagedArtifact, MissingArtifact, UnreadableArtifact
from pipelines.base import UserError
from pipelines.search.config import Config


def check_replaceable(config: Config, store: ArtifactStore, found: StudyRecord | None) -> None:
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


def check_study(config: Config, study: optuna.Study, dataset: str) -> None:
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
