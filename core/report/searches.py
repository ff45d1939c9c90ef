"""Section on the searches: the optima, how they were reached, and the fronts."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.analysis.labels import label_of_study
from core.codecs.styles import codec_style
from core.plain_english import counted
from core.report.document import Section
from core.report.plot import Plot, Series
from core.report.tables import Column, Table, without
from core.search.repetition import Agreement, LongerGain, agreements, longer_gain
from core.search.studies import FILTERS, StudyRecord, TrialRecord, of_thesis


def search_section(
    studies: Sequence[StudyRecord], published: Mapping[str, TrialRecord | None] | None = None
) -> Section:
    """What the search for hyperparameters found.

    Args:
        studies: The searches, and repetitions of their trials.
        published: The trial with the published model's values, by study.
    """
    if not studies:
        return Section("search", "Search")
    single = [study for study in studies if len(study.directions) == 1 and study.repeats is None]
    fronts = [
        _front(study, (published or {}).get(study.name))
        for study in studies
        if len(study.directions) > 1 and study.front
    ]
    repeated = agreements(studies)
    parts: list[Table | Plot] = [_optima(single, repeated), *_progress(single)] if single else []
    enough = [agreement for agreement in repeated if agreement.is_enough]
    budgets = [_budgets(enough)] if enough else []
    return Section("search", "Search for hyperparameters", parts=(*parts, *fronts, *budgets))


def _optima(studies: Sequence[StudyRecord], repeated: Sequence[Agreement]) -> Table:
    """The best trial of each study of one objective, and what it gains on a larger budget."""
    rows = [
        {
            "study": label_of_study(study.name, study.model),
            "trials": len(study.trials),
            "complete": study.counts["complete"],
            "pruned": study.counts["pruned"],
            "failed": study.counts["fail"],
            "best_value": study.best.value if study.best else None,
            "best_trial": study.best.number if study.best else None,
            "best_parameters": _parameters(study.best),
            "thesis_value": thesis.value if (thesis := of_thesis(study)) else None,
            "thesis_parameters": _parameters(thesis),
            **_gain(longer_gain(study, repeated)),
        }
        for study in studies
    ]
    columns = {
        "study": Column("Model"),
        "trials": Column("Trials", ",.0f"),
        "complete": Column("complete", ",.0f"),
        "pruned": Column("pruned", ",.0f"),
        "failed": Column("failed", ",.0f"),
        "best_value": Column("Best value", ".4g"),
        "best_trial": Column("in trial", ".0f"),
        "best_parameters": Column("with"),
        "thesis_value": Column("Thesis' values", ".4g"),
        "thesis_parameters": Column("which are"),
        "repeated_gain": Column("Best over thesis' values, both trained again", "+.2f"),
        "repeated_budget": Column("on"),
    }
    caption = (
        "The value is PSNR in decibels plus SSIM on validation images, as in the thesis, but both "
        "for the range 255 of 8-bit images: the thesis took the range of each image."
    )
    frame = pd.DataFrame(rows)
    if frame["repeated_gain"].isna().all():
        columns = without(without(columns, "repeated_gain"), "repeated_budget")
    return Table("studies", "Studies", caption, frame, columns)


def _gain(longer: LongerGain | None) -> dict[str, float | str | None]:
    return {
        "repeated_gain": longer and longer.gain,
        "repeated_budget": longer and _budget({"images": longer.images, "epochs": longer.epochs}),
    }


def _front(study: StudyRecord, published: TrialRecord | None) -> Table:
    """The trials of a study of several objectives that no other one dominates."""
    rows = [
        {
            "trial": trial.number,
            **dict(zip(study.objectives, trial.values, strict=True)),
            "parameters": _parameters(trial),
            "published": "yes" if trial == published else "",
        }
        for trial in study.front
    ]
    objectives = {name: Column(name, ",.1f") for name in study.objectives}
    columns = {
        "trial": Column("Trial", ".0f"),
        **objectives,
        "parameters": Column("with"),
        "published": Column("Published model"),
    }
    caption = (
        f"{len(study.front)} of {counted(len(study.finite), 'complete trial')}: no other one is at "
        "least as good in every objective and better in one."
    )
    title = f"Pareto front of {label_of_study(study.name, study.model)}"
    return Table(f"front-{study.name}", title, caption, pd.DataFrame(rows), columns)


def _budgets(found: Sequence[Agreement]) -> Table:
    """How searches agree with their trials trained again on another budget."""
    rows = [
        {
            "study": label_of_study(agreement.search.name, agreement.search.model),
            "trials": len(agreement.pairs),
            "search": _budget(agreement.search.budget),
            "repetition": _budget(agreement.repetition.budget),
            "correlation": agreement.correlation,
            "low": agreement.interval.low if agreement.interval else None,
            "high": agreement.interval.high if agreement.interval else None,
            "loss": agreement.loss,
        }
        for agreement in found
    ]
    columns = {
        "study": Column("Model"),
        "trials": Column("Trials", ",.0f"),
        "search": Column("Budget of the search"),
        "repetition": Column("Other budget"),
        "correlation": Column("Rank correlation", ".2f"),
        "low": Column("from", ".2f"),
        "high": Column("to", ".2f"),
        "loss": Column("Loss of the search's choice", ".2f"),
    }
    caption = (
        "Trials trained again on another budget: Spearman's rank correlation of both scores with "
        "its interval of 95 %, and what the search's best trial lacks to the best one there."
    )
    return Table("budgets", "Does a short training decide?", caption, pd.DataFrame(rows), columns)


def _budget(budget: Mapping[str, Any]) -> str:
    found = {name: budget.get(name) for name in ("images", "epochs")}
    return ", ".join(f"{'?' if value is None else value} {name}" for name, value in found.items())


def _parameters(trial: TrialRecord | None) -> str:
    """Values of a trial; the filters of all layers, also of those that were not searched."""
    if trial is None:
        return ""
    filters = trial.attributes.get(FILTERS)
    params = dict(trial.params)
    if isinstance(filters, list | tuple):
        params = {name: value for name, value in params.items() if not name.startswith(FILTERS)}
        params = {FILTERS: " ".join(map(str, filters))} | params
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in params.items()
    )


def _progress(studies: Sequence[StudyRecord]) -> list[Plot]:
    """Best value so far by the number of the trial."""
    series = []
    for study in studies:
        trials = [trial for trial in study.trials if trial.value is not None]
        values = pd.Series([trial.value for trial in trials], dtype="float64")
        best = values.cummax() if study.is_maximized else values.cummin()
        numbers = tuple(float(trial.number) for trial in trials)
        if numbers:
            label = label_of_study(study.name, study.model)
            series.append(Series(label, codec_style(study.name), numbers, tuple(best)))
    if not series:
        return []
    return [
        Plot(
            name="search-progress",
            title="Best value so far",
            caption="Complete trials only, by the number of the trial.",
            x_title="Trial",
            y_title="PSNR (dB) + SSIM",
            series=tuple(series),
        )
    ]
