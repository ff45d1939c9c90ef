"""Optuna's own plots of a study, made to fit the pages: light and dark, any number of trials."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from optuna.exceptions import ExperimentalWarning
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.visualization import (
    plot_contour,
    plot_edf,
    plot_intermediate_values,
    plot_optimization_history,
    plot_parallel_coordinate,
    plot_param_importances,
    plot_rank,
    plot_slice,
    plot_timeline,
)

from core.search.studies import Direction, StudyRecord, TrialRecord, as_study
from dashboard.views.trials.style import restyled
from dashboard.views.trials.tables import parameter_names

#: Trials that a plot draws; of more, an even choice that holds the best.
MOST_DRAWN = 600
#: Complete trials below which importances say little.
FEW_TRIALS = 30
STUDY_COLORS = ("#2f81c7", "#e32d78", "#de7a00", "#1f9d76", "#714af6", "#8a7f74")
VALUE_NAME = "Score"

Draw = Callable[[Sequence[TrialRecord], Direction], go.Figure]


@dataclass(frozen=True)
class Plot:
    """One kind of plot.

    Attributes:
        label: What a person reads.
        about: What it shows, in one sentence.
        draw: Makes it from trials and their direction.
        complete: Complete trials that it needs.
        parameters: Parameters that it needs.
    """

    label: str
    about: str
    draw: Draw
    complete: int = 1
    parameters: int = 0


def _drawer(plot: Callable[..., go.Figure], **options: Any) -> Draw:
    """Drawer that hands a study of the trials to one of Optuna's functions."""

    def draw(trials: Sequence[TrialRecord], direction: Direction) -> go.Figure:
        return plot(as_study("study", direction, trials), **options)

    return draw


def _history(trials: Sequence[TrialRecord], direction: Direction) -> go.Figure:
    return _histories({"study": trials}, direction)


def _histories(trials: Mapping[str, Sequence[TrialRecord]], direction: Direction) -> go.Figure:
    """Optuna's history of one or several studies by name, of which each may show a choice only."""
    # Optuna takes a trial's number for its place, so the choice is numbered anew and then back.
    studies = [
        as_study(name, direction, [replace(trial, number=i) for i, trial in enumerate(chosen)])
        for name, chosen in trials.items()
    ]
    figure = plot_optimization_history(
        studies if len(studies) > 1 else studies[0], target_name=VALUE_NAME
    )
    traces_per_study = len(figure.data) // len(studies)
    numbers = [[trial.number for trial in chosen] for chosen in trials.values()]
    for place, trace in enumerate(figure.data):
        own = numbers[place // traces_per_study]
        trace.update(x=[own[int(number)] for number in trace.x or ()])
    figure.data = [trace for trace in figure.data if trace.name != "Infeasible Trial"]
    return figure


PLOTS: Mapping[str, Plot] = {
    "history": Plot(
        "History",
        "Every trial's value in the order of their numbers, and the best so far.",
        _history,
    ),
    "intermediate": Plot(
        "Learning curves",
        "PSNR on the validation images, reported after each epoch.",
        _drawer(plot_intermediate_values),
        complete=0,
    ),
    "parallel": Plot(
        "Parallel coordinates",
        "One line per trial through its parameters, coloured by value.",
        _drawer(plot_parallel_coordinate, target_name=VALUE_NAME),
        parameters=1,
    ),
    "slice": Plot(
        "Slices",
        "Value against each parameter; the later a trial, the stronger its colour.",
        _drawer(plot_slice, target_name=VALUE_NAME),
        parameters=1,
    ),
    "contour": Plot(
        "Contours",
        "Value over pairs of parameters, interpolated between the trials.",
        _drawer(plot_contour, target_name=VALUE_NAME),
        complete=2,
        parameters=2,
    ),
    "rank": Plot(
        "Ranks",
        "As contours, but with the trials themselves, coloured by the rank of their value.",
        _drawer(plot_rank, target_name=VALUE_NAME),
        complete=2,
        parameters=2,
    ),
    "edf": Plot(
        "Distribution",
        "Share of the trials whose value is at most the one below.",
        _drawer(plot_edf, target_name=VALUE_NAME),
    ),
    "importance": Plot(
        "Importances",
        "How much each parameter decides whether a trial is among the best.",
        _drawer(
            plot_param_importances,
            evaluator=PedAnovaImportanceEvaluator(),
            target_name=VALUE_NAME,
        ),
        complete=2,
        parameters=2,
    ),
    "timeline": Plot(
        "Timeline", "When each trial ran, and how it ended.", _drawer(plot_timeline), 0
    ),
}


def missing(plot: Plot, trials: Sequence[TrialRecord]) -> str:
    """What a plot lacks to be drawn from some trials; empty when it lacks nothing."""
    complete = sum(trial.state == "complete" for trial in trials)
    if complete < plot.complete:
        return f"This plot needs {plot.complete} complete trials; the choice has {complete}."
    if len(parameter_names(trials)) < plot.parameters:
        return f"This plot needs trials with {plot.parameters} parameters."
    if plot is PLOTS["intermediate"] and not any(trial.reports for trial in trials):
        return "None of these trials has reported a value."
    if plot is PLOTS["timeline"] and not any(trial.started for trial in trials):
        return "None of these trials has begun."
    return ""


def drawn_trials(
    trials: Sequence[TrialRecord], *, best: TrialRecord | None, most: int = MOST_DRAWN
) -> list[TrialRecord]:
    """Trials evenly chosen over their order, at most so many; the best one is among them."""
    if len(trials) <= most:
        return list(trials)
    places = np.unique(np.linspace(0, len(trials) - 1, most).astype(int))
    chosen = {trials[place].number: trials[place] for place in places}
    if best is not None and any(trial.number == best.number for trial in trials):
        chosen[best.number] = best
    return [chosen[number] for number in sorted(chosen)]


def trial_figure(
    name: str,
    trials: Sequence[TrialRecord],
    *,
    direction: Direction,
    log_value: bool = False,
) -> go.Figure:
    """One of Optuna's plots over some trials.

    Args:
        name: Key of `PLOTS`.
        trials: What is drawn.
        direction: Whether more is better.
        log_value: Whether the axis of the values is logarithmic, where there is one.
    """
    with _quiet():
        figure = PLOTS[name].draw(trials, direction)
    if log_value:
        _make_logarithmic(figure, name)
    return restyled(figure)


def overlay_figure(name: str, studies: Sequence[StudyRecord]) -> go.Figure:
    """History (`history`) or distribution (`edf`) of several studies in one figure.

    Raises:
        ValueError: The studies differ in direction.
    """
    directions = {study.directions for study in studies}
    if len(directions) > 1 or any(len(found) != 1 for found in directions):
        names = ", ".join(f"{study.name} ({', '.join(study.directions)})" for study in studies)
        raise ValueError(f"Only studies with one and the same direction can be laid over: {names}.")
    direction: Direction = "maximize" if studies[0].is_maximized else "minimize"
    drawn = {study.name: drawn_trials(study.trials, best=study.best) for study in studies}
    with _quiet():
        if name == "edf":
            made = [as_study(found, direction, trials) for found, trials in drawn.items()]
            figure = plot_edf(made, target_name=VALUE_NAME)
        else:
            figure = _histories(drawn, direction)
    _color_by_study(figure, [study.name for study in studies])
    return restyled(figure)


def report_figure(reports: pd.DataFrame) -> go.Figure:
    """Learning curves of some trials: `reports_table` as one line per trial."""
    figure = go.Figure()
    for place, (number, rows) in enumerate(reports.groupby("number", sort=False)):
        color = STUDY_COLORS[place % len(STUDY_COLORS)]
        figure.add_scatter(
            x=rows["step"],
            y=rows["value"],
            name=f"Trial {number}",
            mode="lines+markers",
            line={"color": color},
        )
    figure.update_layout(
        height=320,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        xaxis={"title": "Epoch", "dtick": 1 if reports["step"].nunique() < 20 else None},
        yaxis={"title": "Validation PSNR (dB)"},
        showlegend=True,
    )
    return figure


def _make_logarithmic(figure: go.Figure, name: str) -> None:
    if name in ("history", "slice", "intermediate"):
        figure.update_yaxes(type="log")
    elif name == "edf":
        figure.update_xaxes(type="log")


def _color_by_study(figure: go.Figure, names: Sequence[str]) -> None:
    """One colour per study, in the points and in the line of its best."""
    for trace in figure.data:
        place = next((i for i, name in enumerate(names) if trace.name.endswith(name)), 0)
        color = STUDY_COLORS[place % len(STUDY_COLORS)]
        trace.update(line={"color": color}, marker={"color": color})


class _quiet(warnings.catch_warnings):
    """Keeps Optuna from warning that a plot is experimental."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore", ExperimentalWarning)
