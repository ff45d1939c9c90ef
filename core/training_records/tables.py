"""Tables that compare trainings: runs, epochs, and differences of their configurations."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from core.training_records.runs import TrainingRun, measure_of

#: Placeholder for a missing field; a word, because Markdown would draw a dash as a list.
ABSENT = "not set"

_SUMMARY = (
    "run",
    "state",
    "ended_by",
    "epochs",
    "best_epoch",
    "first_stop",
    "undone_epochs",
    "validation_loss",
    "validation_psnr_db",
    "images",
    "minutes",
    "images_per_second",
    "commit",
    "last_message",
)


#: Columns of `run_table` for what happens in few trainings.
RARE_COLUMNS = ("first_stop", "undone_epochs")


def unused_columns(table: pd.DataFrame) -> set[str]:
    """Those of `RARE_COLUMNS` in which no run of the table has anything."""
    return {name for name in RARE_COLUMNS if not table[name].gt(0).any()}


def run_table(runs: Sequence[TrainingRun], *, now: datetime | None = None) -> pd.DataFrame:
    """One row per training: progress, best metrics and duration."""
    now = now or datetime.now(UTC)
    return pd.DataFrame([_summary(run, now) for run in runs], columns=list(_SUMMARY))


def epoch_table(runs: Sequence[TrainingRun]) -> pd.DataFrame:
    """All rows of all histories, with the name of the training in the first column."""
    frames = [run.frame.assign(run=run.name) for run in runs if len(run.frame)]
    if not frames:
        return pd.DataFrame({"run": pd.Series(dtype="str")})
    frame = pd.concat(frames, ignore_index=True)
    return frame[["run", *frame.columns.drop("run")]]


def level_table(run: TrainingRun) -> pd.DataFrame:
    """Metrics at single quality levels on the validation images.

    Returns:
        One row per epoch and level, with the columns `epoch`, `level` and one per measure; without
        a row for a model that has no levels.
    """
    measures = {column: measure_of(column) for column in run.columns}
    levels = sorted({measure.level for measure in measures.values() if measure.level is not None})
    frames = []
    for level in levels:
        names = {
            column: measure.name
            for column, measure in measures.items()
            if measure.level == level and measure.phase == "validation"
        }
        columns = run.frame[["epoch", *names]].rename(columns=names)
        frames.append(columns.assign(level=level))
    if not frames:
        return pd.DataFrame(columns=["epoch", "level"])
    table = pd.concat(frames, ignore_index=True).dropna().astype({"epoch": int})
    return table.sort_values(["epoch", "level"], ignore_index=True)


def config_differences(runs: Sequence[TrainingRun]) -> pd.DataFrame:
    """Fields of the configuration, and code, libraries and machine, in which trainings differ.

    Returns:
        One row per field that is not the same in all, indexed by `field`; one column of texts
        per training; `ABSENT` where a training has no such field.
    """
    described = {run.name: _description(run) for run in runs}
    fields = dict.fromkeys(name for found in described.values() for name in found)
    rows = {
        field: {name: found.get(field, ABSENT) for name, found in described.items()}
        for field in fields
    }
    differing = {field: row for field, row in rows.items() if len(set(row.values())) > 1}
    frame = pd.DataFrame.from_dict(differing, orient="index", columns=list(described))
    return frame.rename_axis("field")


def config_table(run: TrainingRun) -> pd.DataFrame:
    """Configuration of one training as texts, indexed by `field`."""
    return _one_column(run.name, {name: _text(value) for name, value in run.config.items()})


def origin_table(run: TrainingRun) -> pd.DataFrame:
    """Code, libraries and machine of one training as texts, indexed by `field`."""
    return _one_column(run.name, _origin(run))


def _one_column(name: str, rows: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: rows}, dtype="str").rename_axis("field")


def _summary(run: TrainingRun, now: datetime) -> dict[str, Any]:
    frame = run.frame
    best = {} if run.best_row is None else frame.iloc[run.best_row].to_dict()
    last = frame.iloc[-1].to_dict() if len(frame) else {}
    return {
        "run": run.name,
        "state": run.state(now),
        "ended_by": run.ended_by or None,
        "epochs": len(frame),
        "best_epoch": best.get("epoch", np.nan),
        "first_stop": np.nan if run.first_stop is None else float(run.first_stop),
        "undone_epochs": run.undone_epochs,
        "validation_loss": best.get("validation_loss", np.nan),
        "validation_psnr_db": best.get("validation_psnr_db", np.nan),
        "images": last.get("images", np.nan),
        "minutes": last.get("minutes", np.nan),
        "images_per_second": frame.get("images_per_second", pd.Series([np.nan])).mean(),
        "commit": run.manifest.commit,
        "last_message": run.manifest.created,
    }


def _description(run: TrainingRun) -> dict[str, str]:
    return {name: _text(value) for name, value in run.config.items()} | _origin(run)


def _origin(run: TrainingRun) -> dict[str, str]:
    provenance = run.manifest.provenance
    found = {
        "code commit": (run.manifest.commit or "unknown")[:12],
        "python": provenance.get("python"),
        "processor": provenance.get("cpu"),
        "processor count": provenance.get("cpu_count"),
        **{f"version of {name}": version for name, version in run.manifest.versions.items()},
    }
    return {name: _text(value) for name, value in found.items()}


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
