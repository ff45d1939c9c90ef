"""Distribution of a search's trials over its workers, and retry of lost trials.

A study is to have a number of finished trials. Workers, on one machine or on many, know of each
other through the study alone; none of them decides for the others, so any may die.
"""

import warnings
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, TPESampler
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import text

from core.search.storage import retry_callback
from core.search.studies import REPEATS

#: What counts towards the number of trials that were asked for.
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
_ALIVE = (*FINISHED, TrialState.RUNNING, TrialState.WAITING)

#: Attribute of a trial that was not run, with the reason.
SURPLUS = "surplus"

#: Trials that the sampler draws at random before it models what it saw.
STARTUP_TRIALS = 10
#: Complete trials that the pruner wants to see, and the first epoch after which it ends one.
PRUNER_STARTUP_TRIALS = 5
PRUNER_FIRST_EPOCH = 2

_WITHOUT_HEARTBEAT = text(
    "SELECT trials.number FROM trials JOIN studies ON studies.study_id = trials.study_id "
    "LEFT JOIN trial_heartbeats ON trial_heartbeats.trial_id = trials.trial_id "
    "WHERE studies.study_name = :name AND trials.state = 'RUNNING' "
    "AND trial_heartbeats.trial_id IS NULL"
)


class SurplusTrial(Exception):
    """A trial that began although others, begun before it, make it superfluous."""


class Interrupted(Exception):
    """A trial that was asked to stop."""


class TrialSeededSampler(BaseSampler):
    """TPE whose random numbers depend on the seed and the trial's number alone.

    A search that was resumed, or that runs in several processes, thus never draws the same random
    numbers twice, and a single worker makes the same choices in one run as in several. All
    parameters are modelled together; running trials count as bad ones (the constant liar), so
    that workers who choose at the same time do not choose alike.

    Args:
        seed: Seed of the search.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._sampler = self._of_trial(0)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Takes up the random numbers of the trial."""
        self._sampler = self._of_trial(trial.number)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> Any:
        """As TPE."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(self, study: optuna.Study, trial: FrozenTrial, search_space: Any) -> Any:
        """As TPE."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: Any
    ) -> Any:
        """As TPE."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Any
    ) -> None:
        """As TPE."""
        self._sampler.after_trial(study, trial, state, values)

    def _of_trial(self, number: int) -> TPESampler:
        seed = int(np.random.SeedSequence((self._seed, number)).generate_state(1)[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return TPESampler(
                seed=seed,
                n_startup_trials=STARTUP_TRIALS,
                multivariate=True,
                constant_liar=True,
            )


def make_pruner(study: optuna.Study) -> BasePruner:
    """Ends a trial whose report is below the median of those before it at the same epoch.

    In a study that repeats another one all trials are to reach their end.
    """
    if REPEATS in study.user_attrs:
        return NopPruner()
    return MedianPruner(n_startup_trials=PRUNER_STARTUP_TRIALS, n_warmup_steps=PRUNER_FIRST_EPOCH)


def finished_count(study: optuna.Study) -> int:
    """Number of finished trials."""
    return sum(trial.state in FINISHED for trial in study.get_trials(deepcopy=False))


def may_begin(study: optuna.Study, trials: int) -> bool:
    """Whether a worker may begin a trial: one is queued, or more trials are needed.

    A study that repeats another one has no trials but those that were queued.
    """
    found = study.get_trials(deepcopy=False)
    waiting = any(trial.state is TrialState.WAITING for trial in found)
    needed = sum(trial.state in _ALIVE for trial in found) < trials
    return waiting or (needed and REPEATS not in study.user_attrs)


def has_ended(study: optuna.Study, number: int) -> bool:
    """Whether a trial is over, with a value or without."""
    return bool(study.get_trials(deepcopy=False)[number].state.is_finished())


def is_exhausted(study: optuna.Study) -> bool:
    """Whether a study that repeats another one has no queued and no running trial left."""
    found = study.get_trials(deepcopy=False)
    is_over = all(trial.state.is_finished() for trial in found)
    return REPEATS in study.user_attrs and is_over


def check_wanted(study: optuna.Study, trial: optuna.Trial, trials: int) -> None:
    """Lets a trial go on unless those begun before it make it superfluous.

    Two workers may begin the last trial at the same moment, and on SQLite, which has no row
    locks, two may put the same lost trial into the queue. The numbers of trials are unique in the
    study, so in both cases exactly the later one finds that it is too many.

    Raises:
        SurplusTrial: It is too many.
    """
    alive = {other.number: other for other in study.get_trials(deepcopy=False, states=_ALIVE)}
    earlier = [other for number, other in alive.items() if number < trial.number]
    repeated = _retry_history(alive[trial.number])
    if repeated and any(_retry_history(other) == repeated for other in earlier):
        reason = f"trial {repeated[-1]} is repeated already"
    elif len(earlier) >= trials:
        reason = f"the {trials} trials that were asked for began before it"
    else:
        return
    trial.set_user_attr(SURPLUS, reason)
    raise SurplusTrial(f"Trial {trial.number} is not run: {reason}.")


def _retry_history(trial: FrozenTrial) -> list[int]:
    """Numbers of the lost trials that this one repeats, the last one last."""
    return list(trial.system_attrs.get("retry_history", ()))


def requeue(study: optuna.Study, number: int) -> None:
    """Puts a trial whose worker died into the queue again, unless too many have in a row."""
    retry_callback()(study, study.get_trials(deepcopy=False)[number])


def requeue_stopped(study: optuna.Study, number: int) -> None:
    """Puts a trial that was asked to stop into the queue again, however often that was."""
    trial = study.get_trials()[number]
    # What cut it short before is forgotten, so that it does not count.
    trial.system_attrs.pop("retry_history", None)
    retry_callback()(study, trial)


def requeue_lost_trials(study: optuna.Study, storage: RDBStorage) -> None:
    """Fails the trials of workers that have died, and puts them into the queue again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        fail_stale_trials(study)
    stillborn = _without_heartbeat(study, storage)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.number in stillborn and _is_old(trial, storage):
            # Of several workers that see it, one succeeds in failing it.
            with suppress(ValueError, UpdateFinishedTrialError):
                study.tell(trial.number, state=TrialState.FAIL)
                requeue(study, trial.number)


def _without_heartbeat(study: optuna.Study, storage: RDBStorage) -> set[int]:
    """Running trials whose worker may have died before its first heartbeat.

    Optuna takes a trial without any for one that has just begun, however long ago that was.
    """
    with storage.engine.connect() as connection:
        rows = connection.execute(_WITHOUT_HEARTBEAT, {"name": study.study_name})
        return {int(number) for (number,) in rows}


def _is_old(trial: FrozenTrial, storage: RDBStorage) -> bool:
    if trial.datetime_start is None or storage.grace_period is None:
        return False
    return datetime.now() - trial.datetime_start > timedelta(seconds=storage.grace_period)
