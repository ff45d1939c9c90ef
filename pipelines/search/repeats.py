"""Trials of a study that another study trains again on its own budget."""

from collections.abc import Sequence

import optuna
from optuna.trial import TrialState

from core.search.repetition import repeatable
from core.search.studies import ORIGIN, REPEATED_TRIAL, TrialRecord
from core.search.study_reading import read_committed_study
from core.store import ArtifactStore
from pipelines.base import UserError


def trials_to_repeat(
    store: ArtifactStore, name: str, *, model: str, count: int
) -> list[TrialRecord]:
    """Trials of a committed study in the order in which they are repeated.

    Args:
        store: Where the study is.
        name: Name of the study.
        model: The model that is to be trained.
        count: Number of trials.

    Raises:
        UserError: The study is of another model, has several objectives or too few trials.
        ArtifactError: The study is missing or damaged.
    """
    search = read_committed_study(store, name)
    if search.model != model or len(search.directions) > 1:
        raise UserError(
            f"The study {name} searched {search.model} by {' and '.join(search.objectives)}; what "
            f"can be repeated here is a study of {model} with one objective."
        )
    trials = repeatable(search)
    if count > len(trials):
        raise UserError(
            f"The study {name} has {len(trials)} complete trials to repeat; received --trials "
            f"{count}."
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
