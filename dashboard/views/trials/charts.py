"""Plots of a study: their kinds, requirements and figures."""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import plotly.graph_objects as go
from optuna.exceptions import ExperimentalWarning
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.visualization import (
    plot_contour,
    plot_edf,
    plot_param_importances,
    plot_rank,
    plot_timeline,
)

from core.plain_english import counted
from core.search.studies import Direction, TrialRecord, as_study
from dashboard.views.trials.drawn_trials import MIN_FOR_IMPORTANCES, drawable_trials
from dashboard.views.trials.own_charts import (
    history_figure,
    report_figure,
    slice_figure,
)
from dashboard.views.trials.pair_charts import recolor_ranks, ring_pairs
from dashboard.views.trials.parallel_chart import parallel_figure
from dashboard.views.trials.parameters import parameter_names
from dashboard.views.trials.style import NEUTRAL, RING, VALUE_NAME, restyled

#: Ratio of the highest to the lowest score above which a logarithmic axis is offered.
_LOG_RATIO = 10.0
_HEIGHT, _ROW_HEIGHT = 440, 190

Name = Literal[
    "history", "intermediate", "parallel", "slice", "contour", "rank", "edf", "importance",
    "timeline",
]  # fmt: skip


@dataclass(frozen=True)
class PlotKind:
    """One kind of plot.

    Attributes:
        label: Display label.
        about: Description in one sentence.
        complete: Minimum number of complete trials.
        parameters: Minimum number of parameters.
        highlights: Whether it highlights the selected trials.
        has_value_axis: Whether one of its axes holds the scores.
    """

    label: str
    about: str
    complete: int = 1
    parameters: int = 0
    highlights: bool = True
    has_value_axis: bool = False


@dataclass(frozen=True)
class Drawing:
    """Display options of a study's plot.

    Attributes:
        direction: Whether more is better.
        color: Colour of the study's codec.
        best: Number of the best trial.
        chosen: Numbers of the highlighted trials.
        log_value: Whether the axis of the scores is logarithmic, where there is one.
    """

    direction: Direction
    color: str = NEUTRAL
    best: int | None = None
    chosen: tuple[int, ...] = ()
    log_value: bool = False


PLOTS: dict[str, PlotKind] = {
    "history": PlotKind(
        "History",
        "Every trial's score in the order of their numbers, and the best so far.",
        has_value_axis=True,
    ),
    "intermediate": PlotKind(
        "Learning curves",
        "PSNR on the validation images after each epoch. Dotted: not complete, as it was "
        "pruned for lying behind, failed or still runs.",
        complete=0,
    ),
    "parallel": PlotKind(
        "Parallel coordinates",
        "One line per trial through its parameters, coloured by score.",
        parameters=1,
    ),
    "slice": PlotKind(
        "Slices",
        "Score against each parameter; the later a trial, the stronger its colour.",
        parameters=1,
        has_value_axis=True,
    ),
    "contour": PlotKind(
        "Contours",
        "Score over pairs of parameters, interpolated between the trials.",
        complete=2,
        parameters=2,
    ),
    "rank": PlotKind(
        "Ranks",
        "As contours, but with the trials themselves, coloured by the rank of their score.",
        complete=2,
        parameters=2,
    ),
    "edf": PlotKind(
        "Distribution",
        "Share of the trials whose score is at most the one below.",
        has_value_axis=True,
    ),
    "importance": PlotKind(
        "Importances",
        "How much each parameter decides whether a trial is among the best.",
        complete=MIN_FOR_IMPORTANCES,
        parameters=2,
        highlights=False,
    ),
    "timeline": PlotKind("Timeline", "When each trial ran, and how it ended.", complete=0),
}


def missing(plot: PlotKind, trials: Sequence[TrialRecord]) -> str:
    """Unmet requirement of a plot, as a sentence; empty if there is none."""
    complete = [trial for trial in drawable_trials(trials) if trial.state == "complete"]
    if len(complete) < plot.complete:
        needed = counted(plot.complete, "complete trial")
        return f"This plot needs {needed}; the choice has {len(complete)}."
    if len(parameter_names(complete)) < plot.parameters:
        return f"This plot needs trials with {counted(plot.parameters, 'parameter')}."
    if plot is PLOTS["importance"] and len({trial.value for trial in complete}) < 2:
        return "All complete trials have the same score, so no parameter mattered."
    if plot is PLOTS["intermediate"] and not any(trial.reports for trial in trials):
        return "None of these trials has reported a value."
    if plot is PLOTS["timeline"] and not any(trial.started for trial in trials):
        return "None of these trials has begun."
    return ""


def can_be_logarithmic(trials: Sequence[TrialRecord]) -> bool:
    """Whether the scores are positive and their range is wide enough for a logarithmic axis."""
    values = [trial.value for trial in drawable_trials(trials) if trial.value is not None]
    return bool(values) and 0 < _LOG_RATIO * min(values) <= max(values)


def shown_numbers(name: str, trials: Sequence[TrialRecord]) -> set[int]:
    """Numbers of the trials that have a mark of their own in a plot.

    Args:
        name: Key of `PLOTS`.
        trials: What is drawn.
    """
    finite = drawable_trials(trials)
    if name == "intermediate":
        return {trial.number for trial in finite if any(map(math.isfinite, trial.reports.values()))}
    if name == "timeline":
        return {trial.number for trial in finite if trial.started}
    return {trial.number for trial in finite if trial.value is not None}


def trial_figure(name: str, trials: Sequence[TrialRecord], drawing: Drawing) -> go.Figure:
    """Figure of one plot; the trials must meet its requirements.

    Args:
        name: Key of `PLOTS`.
        trials: What is drawn.
        drawing: How it is drawn.
    """
    # The others are faded for what stands out, so that must be there.
    shown = shown_numbers(name, trials)
    drawing = replace(drawing, chosen=tuple(one for one in drawing.chosen if one in shown))
    with _quiet():
        figure = _DRAWERS[name](drawable_trials(trials), drawing)
    if drawing.log_value and PLOTS[name].has_value_axis:
        (figure.update_xaxes if name == "edf" else figure.update_yaxes)(type="log")
    return restyled(figure, height=_height(name, trials))


def _history(trials: Sequence[TrialRecord], drawing: Drawing) -> go.Figure:
    return history_figure(trials, drawing.direction, color=drawing.color, chosen=drawing.chosen)


def _intermediate(trials: Sequence[TrialRecord], drawing: Drawing) -> go.Figure:
    return report_figure(trials, color=drawing.color, best=drawing.best, chosen=drawing.chosen)


def _parallel(trials: Sequence[TrialRecord], drawing: Drawing) -> go.Figure:
    return parallel_figure(trials, drawing.direction, chosen=drawing.chosen)


def _slice(trials: Sequence[TrialRecord], drawing: Drawing) -> go.Figure:
    return slice_figure(trials, chosen=drawing.chosen)


def _contour(trials: Sequence[TrialRecord], drawing: Drawing) -> go.Figure:
    complete = _complete(trials)
    figure = plot_contour(_study(complete, drawing), target_name=VALUE_NAME)
    # The better end of the colour scale is the more saturated one.
    figure.update_traces(reversescale=drawing.direction == "minimize", selector={"type": "contour"})
    ring_pairs(figure, complete, drawing.chosen)
    return figure


def _rank(trials: Sequence[TrialRecord], drawing: Drawing) -> go.Figure:
    complete = _complete(trials)
    figure = plot_rank(_study(complete, drawing), target_name=VALUE_NAME)
    recolor_ranks(figure, complete, drawing.direction)
    ring_pairs(figure, complete, drawing.chosen)
    return figure


def _distribution(trials: Sequence[TrialRecord], drawing: Drawing) -> go.Figure:
    figure = plot_edf(_study(trials, drawing), target_name=VALUE_NAME)
    figure.update_traces(line={"color": drawing.color})
    for trial in trials:
        if trial.number in drawing.chosen and trial.value is not None:
            text = f"trial {trial.number}"
            figure.add_vline(
                x=trial.value, annotation_text=text, line={"color": RING["color"], "width": 2}
            )
    return figure


def _importance(trials: Sequence[TrialRecord], drawing: Drawing) -> go.Figure:
    figure = plot_param_importances(
        _study(trials, drawing),
        evaluator=PedAnovaImportanceEvaluator(),
        target_name=VALUE_NAME,
    )
    figure.update_traces(marker={"color": drawing.color})
    return figure


def _timeline(trials: Sequence[TrialRecord], drawing: Drawing) -> go.Figure:
    figure = plot_timeline(_study(trials, drawing))
    if drawing.chosen:
        for trace in figure.data:
            is_chosen = [int(number) in drawing.chosen for number in trace.y]
            trace.marker.opacity = [1.0 if found else 0.3 for found in is_chosen]
    return figure


_DRAWERS: dict[str, Callable[[Sequence[TrialRecord], Drawing], go.Figure]] = {
    "history": _history,
    "intermediate": _intermediate,
    "parallel": _parallel,
    "slice": _slice,
    "contour": _contour,
    "rank": _rank,
    "edf": _distribution,
    "importance": _importance,
    "timeline": _timeline,
}


def _study(trials: Sequence[TrialRecord], drawing: Drawing) -> Any:
    return as_study("study", drawing.direction, trials)


def _complete(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    return [replace(trial, reports={}) for trial in trials if trial.state == "complete"]


def _height(name: str, trials: Sequence[TrialRecord]) -> int:
    count = len(parameter_names(trials))
    if name == "slice":
        return max(_HEIGHT, 280 * math.ceil(count / 2))
    return max(_HEIGHT, _ROW_HEIGHT * count) if name in ("contour", "rank") else _HEIGHT


class _quiet(warnings.catch_warnings):
    """Keeps Optuna from warning that a plot is experimental, or drawn from few trials."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore", ExperimentalWarning)
        warnings.filterwarnings("ignore", message="Target and region quantiles")
