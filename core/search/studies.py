"""Optuna studies read into plain records.

The study of a model is read from the live database while a search on this machine writes into it,
else from the artifact `studies/<model>`. Reading changes nothing, and needs no Keras.
"""

import re
import sqlite3
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from core.search.storage import (
    OutdatedStudy,
    close_storage,
    is_outdated,
    live_models,
    live_path,
    read_only_url,
    study_file,
    study_key,
)
from core.store import (
    Artifact,
    ArtifactError,
    ArtifactStore,
    DamagedArtifact,
    MissingArtifact,
    UnreadableArtifact,
)
from core.store.key import is_name, last_part

Direction = Literal["maximize", "minimize"]
State = Literal["complete", "pruned", "running", "waiting", "fail"]
STATES: tuple[State, ...] = ("complete", "pruned", "running", "waiting", "fail")
#: Kinds of trials that a search has finished with.
FINISHED: tuple[State, ...] = ("complete", "pruned")

#: User attributes of a study.
BUDGET = "budget"
DATASET = "dataset_sha256"
SPACE = "space"
OBJECTIVE = "objective"
THESIS = "thesis"
#: User attributes of a trial.
PSNR = "psnr_db"
SSIM = "ssim"
FILTERS = "filters"
ORIGIN = "origin"

#: A live database that nobody has written into for so long belongs to no running search.
_SILENCE_SECONDS = 120.0
#: How long a reader waits for a writer that has locked the database.
_READER_PATIENCE_SECONDS = 10


#: What SQLite says of a database that is whole but cannot be read now.
_UNAVAILABLE = re.compile("unable to open|locked|permission|disk I/O", re.IGNORECASE)


@dataclass(frozen=True)
class TrialRecord:
    """One trial.

    Attributes:
        number: Number in the study, from 0.
        state: How it ended, or that it has not.
        value: What was maximised or minimised; None unless complete.
        params: Value by parameter.
        attributes: What the objective noted beside the value.
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

    def frozen(self) -> FrozenTrial:
        """The trial as Optuna knows it, for its plots."""
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
        name: Name, which is the model's.
        directions: `maximize` or `minimize`, one per objective.
        attributes: What the search noted of the study: budget, data set, space, thesis' optimum.
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

    @property
    def budget(self) -> Mapping[str, Any]:
        """What a trial may spend, as the search noted it; empty where it did not."""
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


def study_names(store: ArtifactStore) -> list[str]:
    """Models with a study that is committed, or live on this machine, in alphabetical order."""
    committed = (key.removeprefix("studies/") for key in store.keys("studies/"))
    return sorted({*filter(is_name, committed), *live_models(store)})


def read_study(store: ArtifactStore, model: str) -> StudyRecord:
    """Study of a model: the live one while it has news, else the committed one.

    Raises:
        ArtifactError: There is none, or it is damaged.
    """
    live = live_path(store, model)
    if live.is_file() and _has_news(store, model, live):
        return _read_live(store, model, live)
    return store.load(study_key(model), _read_committed)


def read_committed_study(store: ArtifactStore, model: str) -> StudyRecord:
    """Study of a model as it was committed.

    Raises:
        ArtifactError: There is none, or it is damaged.
    """
    return store.load(study_key(model), _read_committed)


def _read_live(store: ArtifactStore, model: str, live: Path) -> StudyRecord:
    shown = live.relative_to(store.root).as_posix()
    record = read_database(live, model, shown=shown, live=True, root=store.root)
    silence = time.time() - live.stat().st_mtime
    open_trials = record.counts["running"] + record.counts["waiting"]
    return replace(record, is_live=open_trials > 0 and silence < _SILENCE_SECONDS)


def _read_committed(artifact: Artifact) -> StudyRecord:
    name = artifact.file("db")
    model = last_part(artifact.key)
    root = artifact.places.root
    return read_database(artifact.path(name), model, shown=f"studies/{name}", live=False, root=root)


def study_state(store: ArtifactStore, model: str) -> str:
    """Text that changes when what `read_study` gives does."""
    live = live_path(store, model)
    parts = [str(store.root), model]
    if live.is_file():
        found = live.stat()
        parts.append(f"{found.st_mtime_ns} {found.st_size}")
    if store.exists(study_key(model)):
        try:
            parts.append(store.manifest(study_key(model)).created)
            found = store.path(study_key(model), study_file(model), verify=False).stat()
            parts.append(f"{found.st_mtime_ns} {found.st_size}")
        except ArtifactError as error:
            parts.append(str(error))
    return " ".join(parts)


def read_database(
    path: Path, model: str, *, shown: str, live: bool, root: Path | None = None
) -> StudyRecord:
    """Study of a model in an SQLite file.

    Args:
        path: The file.
        model: Name of the study.
        shown: The file's name for messages, relative to the artifacts folder.
        live: Whether somebody may be writing into it.
        root: The artifacts folder for messages; the repository's own when None.

    Raises:
        MissingArtifact: The file holds no such study.
        OutdatedStudy: Another version of Optuna made it.
        UnreadableArtifact: The operating system or a writer keeps it from being read.
        DamagedArtifact: It is no database of studies.
    """
    key = study_key(model)
    try:
        storage = _reader(path, live=live)
        try:
            return to_record(optuna.load_study(study_name=model, storage=storage))
        finally:
            close_storage(storage)
    except KeyError as error:
        raise MissingArtifact(key, shown, f"holds no study {model}", root) from error
    except Exception as error:  # a database can hold anything where numbers and JSON should be
        raise _refusal(error, key, shown, root) from error


def _refusal(error: Exception, key: str, shown: str, root: Path | None) -> ArtifactError:
    if is_outdated(error):
        reason = f"was made by another version of Optuna than the {optuna.__version__} here"
        return OutdatedStudy(key, shown, reason, root)
    origin = getattr(error.__cause__ or error, "orig", None) or error
    if isinstance(origin, sqlite3.OperationalError) and _UNAVAILABLE.search(str(origin)):
        return UnreadableArtifact(key, shown, f"cannot be read ({origin})", root)
    return DamagedArtifact(key, shown, "is damaged: it is no database of studies", root)


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
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it would tell of every study it makes
    storage = optuna.storages.InMemoryStorage()
    known = [StudyDirection[direction.upper()] for direction in directions]
    optuna.create_study(study_name=name, directions=known, storage=storage)
    return _ShownStudy(name, storage, [trial.frozen() for trial in trials])


def _objective_names(study: optuna.Study) -> tuple[str, ...]:
    """What the search called its objectives; numbered where it did not."""
    count = len(study.directions)
    given = study.metric_names or ()
    if len(given) == count:
        return tuple(given)
    return ("Score",) if count == 1 else tuple(f"Objective {place + 1}" for place in range(count))


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


def _reader(path: Path, *, live: bool) -> RDBStorage:
    return RDBStorage(
        read_only_url(path, live=live),
        engine_kwargs={"connect_args": {"timeout": _READER_PATIENCE_SECONDS}},
        skip_table_creation=True,
    )


def _has_news(store: ArtifactStore, model: str, live: Path) -> bool:
    """Whether the live database was written after the committed study."""
    if not store.exists(study_key(model)):
        return True
    try:
        created = store.manifest(study_key(model)).created
    except ArtifactError:
        return True
    return live.stat().st_mtime > datetime.fromisoformat(created).timestamp()
