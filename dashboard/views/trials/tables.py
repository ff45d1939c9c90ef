"""Optuna studies as tables: what a search found, trial by trial and side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.search.studies import FILTERS, ORIGIN, PSNR, SSIM, STATES, State, StudyRecord, TrialRecord

#: Columns that a table of trials shows at first, apart from the parameters.
FIRST_COLUMNS = ("number", "state", "value", PSNR, SSIM, "seconds")
MOST_COMPARED = 6


@dataclass(frozen=True)
class TrialFilter:
    """Which trials a page is about.

    Attributes:
        states: Their states.
        values: Lowest and highest value; trials without a value pass. None lets all pass.
        ranges: Lowest and highest value by numeric parameter.
        choices: Allowed values by categorical parameter.
    """

    states: tuple[State, ...] = STATES
    values: tuple[float, float] | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    choices: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def matching(self, trials: Iterable[TrialRecord]) -> list[TrialRecord]:
        """Trials that pass; a parameter that a trial has not chosen yet passes."""
        return [trial for trial in trials if self._passes(trial)]

    def _passes(self, trial: TrialRecord) -> bool:
        return (
            trial.state in self.states
            and _inside(trial.value, self.values)
            and all(_inside(trial.params.get(name), span) for name, span in self.ranges.items())
            and all(
                name not in trial.params or trial.params[name] in allowed
                for name, allowed in self.choices.items()
            )
        )


def studies_table(studies: Iterable[StudyRecord]) -> pd.DataFrame:
    """One row per study: direction, trials by state, best value, what a trial may spend."""
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


def trials_table(trials: Sequence[TrialRecord]) -> pd.DataFrame:
    """One row per trial: number, state, value, parameters, what was noted, times."""
    rows = [
        {
            "number": trial.number,
            "state": trial.state,
            "value": trial.value,
            **trial.params,
            **{name: _flat(value) for name, value in trial.attributes.items()},
            "seconds": trial.seconds,
            "started": trial.started,
            "finished": trial.finished,
            "retry_of": trial.retry_of,
        }
        for trial in trials
    ]
    return pd.DataFrame(rows, columns=list(_columns(rows))).astype({"retry_of": "Int64"})


def first_columns(table: pd.DataFrame, parameters: Sequence[str]) -> list[str]:
    """Columns that are shown at first, of those that a table of trials has."""
    wanted = [*FIRST_COLUMNS[:5], *parameters, *FIRST_COLUMNS[5:]]
    return [name for name in wanted if name in table]


def parameter_names(trials: Iterable[TrialRecord]) -> list[str]:
    """Parameters that occur, in alphabetical order."""
    return sorted({name for trial in trials for name in trial.params})


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
    """Reported values: one row per trial and step."""
    return pd.DataFrame(
        [
            {"number": trial.number, "step": step, "value": value}
            for trial in trials
            for step, value in sorted(trial.reports.items())
        ],
        columns=["number", "step", "value"],
    )


def differences_table(trials: Sequence[TrialRecord]) -> pd.DataFrame:
    """What differs between trials: one row per property, one column per trial.

    Properties that are the same in all of them are left out.
    """
    table = trials_table(trials).set_index("number").drop(columns=["started", "finished"])
    texts = table.map(_text).T
    differing = texts[texts.nunique(axis=1) > 1]
    differing.columns = pd.Index([f"Trial {number}" for number in table.index])
    return differing.reset_index(names="property")


def optimum_table(study: StudyRecord) -> pd.DataFrame:
    """The thesis' optimum beside the best trial; empty where neither is known."""
    origin = next((trial for trial in study.trials if ORIGIN in trial.attributes), None)
    thesis = study.attributes.get("thesis")
    columns: dict[str, dict[str, str]] = {}
    if study.best is not None:
        columns[f"Best: trial {study.best.number}"] = _summary(study.best)
    if origin is not None and origin.params:
        columns[f"Thesis: trial {origin.number}"] = _summary(origin)
    elif isinstance(thesis, Mapping):
        columns["Thesis (not run yet)"] = {name: _text(value) for name, value in thesis.items()}
    if not columns:
        return pd.DataFrame()
    return pd.DataFrame(columns).fillna("").reset_index(names="property")


def rerun_command(model: str, trial: TrialRecord) -> str:
    """Command that trains the model with a trial's parameters on the full budget."""
    words = ["python -m pipelines.train", model]
    if filters := trial.attributes.get(FILTERS):
        words += ["--filters", *map(str, filters)]
    for name in ("activation", "learning_rate"):
        if name in trial.params:
            words += [f"--{name.replace('_', '-')}", _exact(trial.params[name])]
    return " ".join([*words, "--restart"])


def _summary(trial: TrialRecord) -> dict[str, str]:
    numbers = {"score": trial.value}
    numbers |= {name: trial.attributes.get(name) for name in (PSNR, SSIM)}
    return {name: _text(value) for name, value in {**trial.params, **numbers}.items()}


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, None]:
    names = ("number", "state", "value", "seconds", "started", "finished", "retry_of")
    found = {name: None for row in rows for name in row}
    return found or dict.fromkeys(names)


def _inside(value: Any, span: tuple[float, float] | None) -> bool:
    return span is None or value is None or span[0] <= value <= span[1]


def _flat(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _text(value: Any) -> str:
    if value is None or (not isinstance(value, list | tuple) and pd.isna(value)):
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(_flat(value))


def _exact(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
