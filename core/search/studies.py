"""Optuna studies as plain records, and records as studies for Optuna's plots."""

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from core.store.key import DEFAULT_DATASET

Direction = Literal["maximize", "minimize"]
State = Literal["complete", "pruned", "running", "waiting", "fail"]
STATES: tuple[State, ...] = ("complete", "pruned", "running", "waiting", "fail")
#: States of finished trials.
FINISHED: tuple[State, ...] = ("complete", "pruned")

#: User attributes of a study.
BUDGET = "budget"
DATASET = "dataset_sha256"
#: Name of the data set where it was last searched; absent where an earlier version searched.
DATASET_NAME = "dataset"
SPACE = "space"
OBJECTIVE = "objective"
THESIS = "thesis"
MODEL = "model"
#: Seed of the sampler, which all runs of a search share.
SEED = "sampler_seed"
#: Study whose trials this one trains again on another budget.
REPEATS = "repeats"
#: User attributes of a trial.
PSNR = "psnr_db"
SSIM = "ssim"
FILTERS = "filters"
ORIGIN = "origin"
#: How many epochs diverged; they are not repeated. Absent where an earlier version trained.
DIVERGED = "diverged_epochs"
#: Why the network of a trial has no value; the trial counts as pruned.
UNJUDGED = "unjudged"
#: Number, in the study that is repeated, of the trial with the same parameters.
REPEATED_TRIAL = "repeated_trial"


@dataclass(frozen=True)
class TrialRecord:
    """One trial.

    Attributes:
        number: Number in the study, from 0.
        state: How it ended, or that it has not.
        value: What was maximised or minimised; None unless complete.
        params: Value by parameter.
        attributes: User attributes that the objective set.
        reports: Reported value by step.
        started: Local time of the machine that ran it.
        finished: As `started`.
        retry_of: Number of the trial that was cut short and that this one repeats.
        distributions: What each parameter was drawn from.
        values: Value of each objective; empty unless complete.
    """

    number: int
    state: State
    value: float | None
    params: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    reports: Mapping[int, float] = field(default_factory=dict)
    started: datetime | None = None
    finished: datetime | None = None
    retry_of: int | None = None
    distributions: Mapping[str, BaseDistribution] = field(default_factory=dict, repr=False)
    values: tuple[float, ...] = ()

    @property
    def seconds(self) -> float | None:
        """How long it took; None unless it was begun and ended."""
        if self.started is None or self.finished is None:
            return None
        return (self.finished - self.started).total_seconds()

    @property
    def is_of_thesis(self) -> bool:
        """Whether it is the trial with the thesis' values."""
        return "thesis" in str(self.attributes.get(ORIGIN))

    def frozen(self) -> FrozenTrial:
        """The trial as Optuna's `FrozenTrial`, for its plots."""
        return FrozenTrial(
            number=self.number,
            state=TrialState[self.state.upper()],
            value=None if len(self.values) > 1 else self.value,
            values=list(self.values) if len(self.values) > 1 else None,
            datetime_start=self.started,
            datetime_complete=self.finished,
            params=dict(self.params),
            distributions=dict(self.distributions),
            user_attrs=dict(self.attributes),
            system_attrs={},
            intermediate_values=dict(self.reports),
            trial_id=self.number,
        )


@dataclass(frozen=True)
class StudyRecord:
    """One study with all its trials.

    Attributes:
        name: Name, which is the model's unless a person chose another.
        directions: `maximize` or `minimize`, one per objective.
        attributes: User attributes of the study: model, budget, data set, space, thesis' optimum.
        trials: The trials in the order of their numbers.
        is_live: Whether a search on this machine is writing into it.
        objectives: Name of each objective.
    """

    name: str
    directions: tuple[str, ...]
    attributes: Mapping[str, Any]
    trials: tuple[TrialRecord, ...]
    is_live: bool = False
    objectives: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[State, int]:
        """Number of trials in each state."""
        found = [trial.state for trial in self.trials]
        return {state: found.count(state) for state in STATES}

    @cached_property
    def best(self) -> TrialRecord | None:
        """Complete trial with the best value; None where there is none."""
        complete = [trial for trial in self.trials if trial.state == "complete"]
        sign = -1.0 if self.directions[0] == "minimize" else 1.0
        return max(complete, key=lambda trial: sign * (trial.value or 0.0), default=None)

    @cached_property
    def finite(self) -> tuple[TrialRecord, ...]:
        """Complete trials whose values are all finite."""
        return tuple(t for t in self.trials if t.values and all(map(math.isfinite, t.values)))

    @cached_property
    def front(self) -> tuple[TrialRecord, ...]:
        """Trials that no other dominates, from the best by the first objective."""
        losses = [self._losses(trial) for trial in self.finite]
        found = [
            trial
            for trial, own in zip(self.finite, losses, strict=True)
            if not any(_dominates(other, own) for other in losses)
        ]
        return tuple(sorted(found, key=self._losses))

    def _losses(self, trial: TrialRecord) -> tuple[float, ...]:
        """Value of each objective, less being better."""
        pairs = zip(trial.values, self.directions, strict=True)
        return tuple(value if way == "minimize" else -value for value, way in pairs)

    @property
    def model(self) -> str:
        """The model that was searched."""
        return str(self.attributes.get(MODEL, self.name))

    @property
    def dataset(self) -> str:
        """Name of the data set that its trials train on."""
        return str(self.attributes.get(DATASET_NAME, DEFAULT_DATASET))

    @property
    def repeats(self) -> str | None:
        """Name of the study whose trials this one trains again on another budget."""
        return self.attributes.get(REPEATS)

    @property
    def budget(self) -> Mapping[str, Any]:
        """Budget of a trial as recorded by the search; empty if not recorded."""
        found = self.attributes.get(BUDGET)
        return found if isinstance(found, Mapping) else {}

    @property
    def is_maximized(self) -> bool:
        """Whether more is better."""
        return self.directions[0] == "maximize"

    def judged_by(self, objective: int) -> "StudyRecord":
        """The study with one of its objectives as its only one."""
        trials = tuple(
            replace(trial, value=trial.values[objective] if trial.values else None, values=())
            for trial in self.trials
        )
        return replace(
            self,
            directions=(self.directions[objective],),
            objectives=self.objectives[objective : objective + 1],
            trials=trials,
        )


def of_thesis(study: StudyRecord) -> TrialRecord | None:
    """The trial with the thesis' values: the complete one, else the last that was begun."""
    found = [trial for trial in study.trials if ORIGIN in trial.attributes]
    found.sort(key=lambda trial: trial.state == "complete")
    return found[-1] if found else None


def _dominates(losses: tuple[float, ...], others: tuple[float, ...]) -> bool:
    """Whether no loss is above the other's, and one is below."""
    pairs = list(zip(losses, others, strict=True))
    return all(own <= other for own, other in pairs) and losses != others


def to_record(study: optuna.Study) -> StudyRecord:
    """Plain record of a study."""
    return StudyRecord(
        name=study.study_name,
        directions=tuple(direction.name.lower() for direction in study.directions),
        attributes=study.user_attrs,
        trials=tuple(to_trial_record(trial) for trial in study.get_trials(deepcopy=False)),
        objectives=_objective_names(study),
    )


def to_trial_record(trial: FrozenTrial) -> TrialRecord:
    """Plain record of a trial; of several objectives the first."""
    state: Any = trial.state.name.lower()
    values = tuple(trial.values) if trial.values and state == "complete" else ()
    return TrialRecord(
        number=trial.number,
        state=state,
        value=values[0] if values else None,
        params=trial.params,
        attributes=trial.user_attrs,
        reports=trial.intermediate_values,
        started=trial.datetime_start,
        finished=trial.datetime_complete,
        retry_of=trial.system_attrs.get("failed_trial"),
        distributions=trial.distributions,
        values=values,
    )


def as_study(name: str, direction: Direction, trials: Sequence[TrialRecord]) -> optuna.Study:
    """Study of the given trials alone, under their own numbers, for Optuna's plots."""
    # Judged by one objective, whichever `value` holds.
    return _shown_study(name, [direction], [replace(trial, values=()) for trial in trials])


def as_study_of_objectives(study: StudyRecord) -> optuna.Study:
    """Study of all its trials under all its objectives, for Optuna's plots of several."""
    return _shown_study(study.name, study.directions, study.trials)


def _shown_study(
    name: str, directions: Sequence[str], trials: Sequence[TrialRecord]
) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it would log every study that it creates
    storage = optuna.storages.InMemoryStorage()
    known = [StudyDirection[direction.upper()] for direction in directions]
    optuna.create_study(study_name=name, directions=known, storage=storage)
    return _ShownStudy(name, storage, [trial.frozen() for trial in trials])


def _objective_names(study: optuna.Study) -> tuple[str, ...]:
    """Names of the objectives; numbered where the search did not name them."""
    count = len(study.directions)
    given = study.metric_names or ()
    if len(given) == count:
        return tuple(given)
    return ("Score",) if count == 1 else tuple(f"Objective {index + 1}" for index in range(count))


class _ShownStudy(optuna.Study):
    """A study that shows trials without storing them, which would number them anew."""

    def __init__(
        self, name: str, storage: optuna.storages.BaseStorage, trials: list[FrozenTrial]
    ) -> None:
        super().__init__(name, storage)
        self._shown = trials

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """The trials in some states."""
        return [trial for trial in self._shown if states is None or trial.state in states]
