"""Plots that replace Optuna's, because those cannot highlight selected trials."""

import math
from collections.abc import Collection, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.search.studies import Direction, TrialRecord
from dashboard.charts.colors import translucent
from dashboard.charts.log_axis import log_ticks
from dashboard.views.trials.parameters import Parameter, category_text, parameters_of
from dashboard.views.trials.style import COLOR_BAR, NEUTRAL, RING, SCALE, VALUE_NAME

_FAINT = translucent(NEUTRAL, 0.45)
_BEST_WIDTH, _WIDTH = 3.0, 1.5
_COLUMNS = 2


def history_figure(
    trials: Sequence[TrialRecord], direction: Direction, *, color: str, chosen: Collection[int] = ()
) -> go.Figure:
    """Score of each complete trial over its number, and the best so far.

    Args:
        trials: Trials in the order of their numbers.
        direction: Whether more is better.
        color: Colour of the line of the best.
        chosen: Numbers of the trials that get a ring.
    """
    scored = [trial for trial in trials if trial.value is not None]
    figure = go.Figure(_points(scored, color=translucent(color, 0.75)))
    better = max if direction == "maximize" else min
    best: list[float] = []
    for trial in scored:
        value = trial.value if trial.value is not None else math.nan
        best.append(better(best[-1], value) if best else value)
    figure.add_scatter(
        x=[trial.number for trial in scored],
        y=best,
        name="Best so far",
        mode="lines",
        line={"color": color, "shape": "hv", "width": 2},
        hoverinfo="skip",
    )
    ringed = [trial for trial in scored if trial.number in set(chosen)]
    if ringed:
        figure.add_scatter(
            x=[trial.number for trial in ringed],
            y=[trial.value for trial in ringed],
            name="Chosen",
            mode="markers",
            marker=RING,
            hoverinfo="skip",
        )
    figure.update_xaxes(title="Trial", tickformat="d")
    figure.update_yaxes(title=VALUE_NAME)
    return figure


def report_figure(
    trials: Sequence[TrialRecord], *, color: str, best: int | None, chosen: Collection[int] = ()
) -> go.Figure:
    """Intermediate values of each trial, the best and the selected ones highlighted.

    Args:
        trials: Trials in any order.
        color: Colour of the best.
        best: Number of the best trial.
        chosen: Numbers of the highlighted trials.
    """
    figure = go.Figure()
    # Highlighted trials are drawn last, above the others.
    for trial in sorted(trials, key=lambda t: (t.number == best, t.number in set(chosen))):
        reports = {step: value for step, value in trial.reports.items() if math.isfinite(value)}
        if reports:
            figure.add_trace(_learning_curve(trial, reports, color=color, best=best, chosen=chosen))
    steps = {step for trial in trials for step in trial.reports}
    figure.update_xaxes(title="Epoch", dtick=1 if len(steps) < 20 else None)
    figure.update_yaxes(title="PSNR on the validation images (dB)")
    return figure


def slice_figure(
    trials: Sequence[TrialRecord], *, chosen: Collection[int] = (), columns: int = _COLUMNS
) -> go.Figure:
    """Score against each parameter, coloured by the number of the trial.

    Args:
        trials: Trials in any order.
        chosen: Numbers of the trials that get a ring.
        columns: Plots beside each other.
    """
    scored = [trial for trial in trials if trial.value is not None]
    parameters = parameters_of(scored)
    rows = math.ceil(len(parameters) / columns)
    figure = make_subplots(
        rows=rows,
        cols=min(columns, len(parameters)),
        shared_yaxes=True,
        vertical_spacing=0.3 / rows,
    )
    for index, parameter in enumerate(parameters):
        where = {"row": index // columns + 1, "col": index % columns + 1}
        own = [trial for trial in scored if parameter.name in trial.params]
        figure.add_trace(_slice(own, parameter, scored, has_bar=index == 0), **where)
        if ringed := [trial for trial in own if trial.number in set(chosen)]:
            figure.add_trace(_slice_rings(ringed, parameter), **where)
        figure.update_xaxes(title=parameter.title, **_axis_settings(parameter), **where)
        if where["col"] == 1:
            figure.update_yaxes(title=VALUE_NAME, **where)
    figure.update_layout(showlegend=False)
    return figure


def _points(trials: Sequence[TrialRecord], *, color: str) -> go.Scatter:
    return go.Scatter(
        x=[trial.number for trial in trials],
        y=[trial.value for trial in trials],
        name="Trial",
        mode="markers",
        marker={"color": color, "size": 8},
        hovertemplate="Trial %{x}<br>score %{y:.3f}<extra></extra>",
    )


def _learning_curve(
    trial: TrialRecord,
    reports: dict[int, float],
    *,
    color: str,
    best: int | None,
    chosen: Collection[int],
) -> go.Scatter:
    is_best, is_chosen = trial.number == best, trial.number in set(chosen)
    line = {"color": _FAINT, "width": _WIDTH, "dash": "solid"}
    if trial.state != "complete":
        line["dash"] = "dot"
    if is_best:
        line |= {"color": color, "width": _BEST_WIDTH}
    if is_chosen:
        line |= {"color": color if is_best else RING["color"], "width": _BEST_WIDTH}
    name = f"Trial {trial.number}{', best' if is_best else ''}"
    steps = sorted(reports)
    return go.Scatter(
        x=steps,
        y=[reports[step] for step in steps],
        name=name,
        mode="lines+markers",
        line=line,
        marker={"size": 6 if is_best or is_chosen else 4, "color": line["color"]},
        showlegend=is_best or is_chosen,
        hovertemplate=f"{name}, {trial.state}<br>epoch %{{x}}: %{{y:.2f}} dB<extra></extra>",
    )


def _slice(
    own: Sequence[TrialRecord],
    parameter: Parameter,
    scored: Sequence[TrialRecord],
    *,
    has_bar: bool,
) -> go.Scatter:
    numbers = [trial.number for trial in scored]
    return go.Scatter(
        x=_coordinates(own, parameter),
        y=[trial.value for trial in own],
        mode="markers",
        marker={
            "color": [trial.number for trial in own],
            "cmin": min(numbers),
            "cmax": max(max(numbers), min(numbers) + 1),
            "colorscale": SCALE,
            "size": 8,
            "showscale": has_bar,
            "colorbar": COLOR_BAR | {"title": {"text": "Trial", "side": "top"}},
        },
        customdata=[trial.number for trial in own],
        hovertemplate=f"Trial %{{customdata}}<br>{parameter.title} %{{x}}<br>"
        "score %{y:.3f}<extra></extra>",
    )


def _slice_rings(own: Sequence[TrialRecord], parameter: Parameter) -> go.Scatter:
    return go.Scatter(
        x=_coordinates(own, parameter),
        y=[trial.value for trial in own],
        mode="markers",
        marker=RING,
        hoverinfo="skip",
    )


def _coordinates(trials: Sequence[TrialRecord], parameter: Parameter) -> list[float | str]:
    values = [trial.params[parameter.name] for trial in trials]
    if parameter.scale == "category":
        return [category_text(value) for value in values]
    return [float(value) for value in values]


def _axis_settings(parameter: Parameter) -> dict[str, object]:
    if parameter.scale == "category":
        order = list(parameter.categories)
        return {"type": "category", "categoryorder": "array", "categoryarray": order}
    if parameter.scale == "logarithmic":
        return {"type": "log", **log_ticks(parameter.low, parameter.high)}
    return {"type": "linear"}
