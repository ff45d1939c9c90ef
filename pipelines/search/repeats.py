"""Trials of a study that another study trains again on its own budget."""

from collections.abc import Sequence

import optuna
from optuna.trial import TrialState

from core.plain_english import counted
from core.search.repetition import repeatable
from core.search.studies import (
    DATASET,
    ORIGIN,
    REPEATED_TRIAL,
    StudyRecord,
    TrialRecord,
    to_record,
)
from core.search.study_reading import read_committed_study
from core.store import ArtifactStore
from pipelines.base import UserError

#: Finished trials of a study for which no number is asked, and most of a new repetition.
DEFAULT_TRIALS = 20


def wanted_trials(study: optuna.Study, asked: int | None) -> int:
    """How many finished trials a study shall have; of a repetition those that were queued.

    Args:
        study: The study, with its queue.
        asked: Number that was asked for; None for none.
    """
    if asked is not None:
        return asked
    return queued_count(to_record(study)) or DEFAULT_TRIALS


def queued_count(study: StudyRecord) -> int:
    """How many trials of another study this one was asked to repeat; 0 for a search."""
    return len({trial.attributes.get(REPEATED_TRIAL) for trial in study.trials} - {None})


def trials_to_repeat(
    store: ArtifactStore, name: str, *, model: str, dataset: str, count: int | None
) -> list[TrialRecord]:
    """Trials of a committed study in the order in which they are repeated.

    Args:
        store: Where the study is.
        name: Name of the study.
        model: The model that is to be trained.
        dataset: sha256 of the data set that it is to be trained on.
        count: Number of trials; None for all up to `DEFAULT_TRIALS`.

    Raises:
        UserError: The study is of another model or data set, has several objectives or too few
            trials.
        ArtifactError: The study is missing or damaged.
    """
    search = read_committed_study(store, name)
    if search.model != model or len(search.directions) > 1:
        raise UserError(
            f"The study {name} searched {search.model} by {' and '.join(search.objectives)}; what "
            f"can be repeated here is a study of {model} with one objective."
        )
    made_on = search.attributes.get(DATASET)
    if made_on != dataset:
        raise UserError(
            f"The study {name} was made on another data set (sha256 {str(made_on)[:12]}; here "
            f"{dataset[:12]}); give that one's --dataset."
        )
    trials = repeatable(search)
    if count is None:
        return trials[:DEFAULT_TRIALS]
    if count > len(trials):
        raise UserError(
            f"The study {name} has {counted(len(trials), 'complete trial')} to repeat; received "
            f"--trials {count}."
        )
    return trials[:count]


def queue_repeats(study: optuna.Study, trials: Sequence[TrialRecord]) -> None:
    """Puts trials of another study into the queue, except those that are there or have run."""
    queued = {
        trial.user_attrs.get(REPEATED_TRIAL)
        for trial in study.get_trials(deepcopy=False)
        if trial.state is not TrialState.FAIL
    }
    for trial in trials:
        if trial.number not in queued:
            notes = {REPEATED_TRIAL: trial.number}
            if ORIGIN in trial.attributes:
                notes[ORIGIN] = trial.attributes[ORIGIN]
            study.enqueue_trial(dict(trial.params), user_attrs=notes)
