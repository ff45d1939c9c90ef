"""Optuna studies as tables: trials, details and comparisons."""

import json
import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import pandas as pd

from core.search.published import PublishedModel, trial_model_name
from core.search.studies import (
    DIVERGED,
    FILTERS,
    PSNR,
    SSIM,
    STATES,
    UNJUDGED,
    State,
    StudyRecord,
    TrialRecord,
)
from core.store.key import DEFAULT_DATASET
from dashboard.views.trials.parameters import category_text

MAX_COMPARED = 6
#: Columns of every table of trials.
_OWN_COLUMNS = ("number", "state", "value", "seconds", "started", "finished", "retry_of")
SORTS = ("score", "number", "seconds")
Sort = Literal["score", "number", "seconds"]


class Span(NamedTuple):
    """A closed interval."""

    low: float
    high: float


@dataclass(frozen=True)
class TrialFilter:
    """Filter of the trials.

    Attributes:
        states: Their states.
        values: Lowest and highest score; trials without a score pass. None lets all pass.
        ranges: Lowest and highest value by numeric parameter.
        choices: Texts of the allowed values by categorical parameter.
    """

    states: tuple[State, ...] = STATES
    values: tuple[float, float] | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def matching(self, trials: Iterable[TrialRecord]) -> list[TrialRecord]:
        """Trials that pass; a parameter that a trial has not chosen yet passes."""
        return [trial for trial in trials if self._passes(trial)]

    def _passes(self, trial: TrialRecord) -> bool:
        return (
            trial.state in self.states
            and _inside(trial.value, self.values)
            and all(_inside(trial.params.get(name), span) for name, span in self.ranges.items())
            and all(
                name not in trial.params or category_text(trial.params[name]) in allowed
                for name, allowed in self.choices.items()
            )
        )


def studies_table(studies: Iterable[StudyRecord]) -> pd.DataFrame:
    """One row per study: direction, trials by state, best score, training budget."""
    return pd.DataFrame(
        {
            "study": study.name,
            "live": study.is_live,
            "direction": ", ".join(study.directions),
            "trials": len(study.trials),
            **study.counts,
            "best_value": study.best.value if study.best else None,
            "best_trial": study.best.number if study.best else None,
            "images": study.budget.get("images"),
            "validation_images": study.budget.get("validation_images"),
            "epochs": study.budget.get("epochs"),
            "dataset_sha256": study.attributes.get("dataset_sha256"),
            "created": min((t.started for t in study.trials if t.started), default=None),
        }
        for study in studies
    ).astype({"best_trial": "Int64"})


def sorted_trials(
    study: StudyRecord, trials: Iterable[TrialRecord], sort: Sort
) -> list[TrialRecord]:
    """Trials in the order of a table; those without a score come after all that have one.

    Args:
        study: The study, which says whether more is better.
        trials: Some of its trials.
        sort: `score` puts the best first, and pruned trials by their last report; `number` puts
            the first trial first, `seconds` the shortest.
    """
    sign = -1.0 if study.is_maximized else 1.0

    def rank(trial: TrialRecord) -> tuple[bool, bool, float, int]:
        score, seconds = last_score(trial), trial.seconds
        by = {"score": score, "seconds": seconds, "number": trial.number}[sort]
        key = math.inf if by is None else by * (sign if sort == "score" else 1.0)
        return trial.value is None, by is None, key, trial.number

    return sorted(trials, key=rank)


def last_score(trial: TrialRecord) -> float | None:
    """Score of a trial, or the last value that it reported before it was pruned."""
    if trial.value is not None:
        return trial.value
    reported = [value for _, value in sorted(trial.reports.items()) if math.isfinite(value)]
    return reported[-1] if reported else None


def trials_table(trials: Sequence[TrialRecord]) -> pd.DataFrame:
    """One row per trial: number, state, score, parameters, user attributes, times.

    A parameter or attribute with the name of another column has its kind in brackets.
    """
    rows = [_row(trial) for trial in trials]
    table = pd.DataFrame(rows, columns=list(_columns(rows)))
    texts = {str(name): table[name].map(_text) for name in table if _is_mixed(table[name])}
    return table.assign(**texts).astype({"retry_of": "Int64"})


def first_columns(table: pd.DataFrame, parameters: Sequence[str]) -> list[str]:
    """Columns of a table of trials that are shown by default."""
    wanted = ["mark", "number", "state", "value", PSNR, SSIM, *map(_parameter_column, parameters)]
    if DIVERGED in table and pd.to_numeric(table[DIVERGED], errors="coerce").gt(0).any():
        wanted.append(DIVERGED)
    return [name for name in (*wanted, UNJUDGED, "seconds") if name in table]


def marks(
    study: StudyRecord, trials: Sequence[TrialRecord], published: Sequence[PublishedModel]
) -> list[str]:
    """Markers of each trial: a star for the best one, and whose values others have.

    Args:
        study: The study.
        trials: Some of its trials.
        published: The published models of the search.
    """
    best = study.best.number if study.best else None
    numbers = {model.trial.number for model in published if model.trial is not None}
    names = [
        ["thesis"] * trial.is_of_thesis + ["published"] * (trial.number in numbers)
        for trial in trials
    ]
    return [
        _mark(", ".join(found), is_best=trial.number == best)
        for trial, found in zip(trials, names, strict=True)
    ]


def _mark(name: str, *, is_best: bool) -> str:
    return f"★ {name or 'best'}" if is_best else name


def detail_table(trial: TrialRecord) -> pd.DataFrame:
    """Parameters and notes of one trial, one row each."""
    kinds = (("parameter", trial.params), ("noted", trial.attributes))
    return pd.DataFrame(
        [
            {"kind": kind, "name": name, "value": _text(value)}
            for kind, values in kinds
            for name, value in values.items()
        ],
        columns=["kind", "name", "value"],
    )


def reports_table(trials: Iterable[TrialRecord]) -> pd.DataFrame:
    """Reported values: one row per trial and step; values that are not finite are left out."""
    return pd.DataFrame(
        [
            {"number": trial.number, "step": step, "value": value}
            for trial in trials
            for step, value in sorted(trial.reports.items())
            if math.isfinite(value)
        ],
        columns=["number", "step", "value"],
    )


def differences_table(trials: Sequence[TrialRecord]) -> pd.DataFrame:
    """Differences between trials: one row per property, one column per trial.

    Properties that are the same in all of them are left out.
    """
    table = trials_table(trials).set_index("number").drop(columns=["started", "finished"])
    texts = table.astype(object).map(_text).T
    differing = texts[texts.nunique(axis=1) > 1]
    differing.columns = pd.Index([f"Trial {number}" for number in table.index])
    return differing.reset_index(names="property")


def rerun_command(study: StudyRecord, trial: TrialRecord) -> str:
    """Command that trains the study's model with a trial's parameters on the full budget.

    The trained model has a name of its own, beside the shipped one.
    """
    own_name = trial_model_name(study, trial.number)
    words = ["python -m pipelines.train", study.model, "--name", own_name]
    if study.dataset != DEFAULT_DATASET:
        words += ["--dataset", shlex.quote(study.dataset)]
    if filters := trial.attributes.get(FILTERS):
        words += ["--filters", *map(str, filters)]
    for name in ("activation", "channels", "kernel", "learning_rate"):
        if name in trial.params:
            words += [f"--{name.replace('_', '-')}", _exact(trial.params[name])]
    return " ".join(words)


def _row(trial: TrialRecord) -> dict[str, Any]:
    notes = {
        f"{name} (note)" if name in {*_OWN_COLUMNS, *trial.params} else name: _flat(value)
        for name, value in trial.attributes.items()
    }
    return {
        "number": trial.number,
        "state": trial.state,
        "value": trial.value,
        **{_parameter_column(name): value for name, value in trial.params.items()},
        **notes,
        "seconds": trial.seconds,
        "started": trial.started,
        "finished": trial.finished,
        "retry_of": trial.retry_of,
    }


def _parameter_column(name: str) -> str:
    return f"{name} (parameter)" if name in _OWN_COLUMNS or name == "mark" else name


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, None]:
    found = {name: None for row in rows for name in row}
    return found or dict.fromkeys(_OWN_COLUMNS)


def _is_mixed(column: "pd.Series[Any]") -> bool:
    """Whether a column holds values that no single type of a table takes."""
    kinds = {type(value) for value in column if value is not None and not _is_missing(value)}
    return column.dtype == object and (len(kinds) > 1 or kinds == {bool})


def _inside(value: Any, span: tuple[float, float] | None) -> bool:
    if span is None or value is None:
        return True
    # A slider rounds to few digits, so its end can lie slightly below the largest value.
    slack = 1e-9 * max(abs(span[0]), abs(span[1]))
    return bool(span[0] - slack <= value <= span[1] + slack)


def _flat(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return json.dumps(value) if isinstance(value, Mapping) else value


def _is_missing(value: Any) -> bool:
    return value is None or (not isinstance(value, list | tuple | Mapping) and bool(pd.isna(value)))


def _text(value: Any) -> str:
    if _is_missing(value):
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(_flat(value))


def _exact(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
