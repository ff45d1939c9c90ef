"""Parallel-coordinate plot: one line per trial through its parameters, coloured by score."""

from collections.abc import Collection, Sequence

import plotly.graph_objects as go

from core.search.studies import Direction, TrialRecord
from dashboard.charts.colors import translucent
from dashboard.charts.log_axis import full_number, log_ticks
from dashboard.views.trials.parameters import Parameter, category_text, parameters_of
from dashboard.views.trials.style import COLOR_BAR, NEUTRAL, SCALE, VALUE_NAME, scale_color

_FAINT = translucent(NEUTRAL, 0.45)
_CHOSEN_WIDTH, _WIDTH = 4.0, 2.0
_TICK_FONT = {"size": 11}


def parallel_figure(
    trials: Sequence[TrialRecord], direction: Direction, *, chosen: Collection[int] = ()
) -> go.Figure:
    """A line per complete trial through its parameters, coloured by its score.

    Args:
        trials: Trials in any order.
        direction: Whether more is better: the better end of the colours is the strong one.
        chosen: Numbers of the trials that keep their colour; all if empty.
    """
    scored = [trial for trial in trials if trial.value is not None]
    values = [trial.value for trial in scored if trial.value is not None]
    score = Parameter(VALUE_NAME, "linear", low=min(values), high=max(values))
    axes = [score, *parameters_of(scored)]
    figure = go.Figure()
    for trial in sorted(scored, key=lambda t: (t.number in set(chosen), t.value)):
        position = score.position(trial.value)
        color = scale_color(position if direction == "maximize" else 1 - position)
        is_faint = bool(chosen) and trial.number not in set(chosen)
        figure.add_trace(_through(trial, axes, color=_FAINT if is_faint else color, chosen=chosen))
    figure.add_trace(color_bar(score.low, score.high, VALUE_NAME, direction))
    _lay_out_axes(figure, axes)
    return figure


def color_bar(low: float, high: float, title: str, direction: Direction) -> go.Scatter:
    """An empty trace that carries the colour bar, labelled at its ends."""
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        marker={
            "color": [low],
            "cmin": low,
            "cmax": high if high > low else low + 1,
            "colorscale": SCALE,
            "reversescale": direction == "minimize",
            "showscale": True,
            "colorbar": COLOR_BAR | {"title": {"text": title, "side": "top"}},
        },
        showlegend=False,
        hoverinfo="skip",
    )


def _through(
    trial: TrialRecord, axes: Sequence[Parameter], *, color: str, chosen: Collection[int]
) -> go.Scatter:
    """Line of one trial, with a gap at each parameter that it lacks."""
    positions, texts = [], []
    for index, axis in enumerate(axes):
        value = trial.value if index == 0 else trial.params.get(axis.name)
        is_absent = index > 0 and axis.name not in trial.params
        positions.append(None if is_absent else axis.position(value))
        texts.append("not set" if is_absent else _value_text(axis, value))
    told = "<br>".join(f"{axis.title} {text}" for axis, text in zip(axes, texts, strict=True))
    return go.Scatter(
        x=list(range(len(axes))),
        y=positions,
        name=f"Trial {trial.number}",
        mode="lines+markers",
        line={"color": color, "width": _CHOSEN_WIDTH if trial.number in set(chosen) else _WIDTH},
        marker={"size": 5, "color": color},
        showlegend=False,
        hovertemplate=f"<b>Trial {trial.number}</b><br>{told}<extra></extra>",
    )


def _lay_out_axes(figure: go.Figure, axes: Sequence[Parameter]) -> None:
    for index, axis in enumerate(axes):
        figure.add_vline(x=index, line={"color": NEUTRAL, "width": 1}, layer="below")
        for position, text in _axis_marks(axis):
            figure.add_annotation(
                x=index, y=position, text=text, showarrow=False, xanchor="left", xshift=6,
                font=_TICK_FONT,
            )  # fmt: skip
    titles = [axis.title.replace(", ", ",<br>").replace(" ", "<br>", 1) for axis in axes]
    figure.update_xaxes(
        tickvals=list(range(len(axes))),
        ticktext=titles,
        range=[-0.15, len(axes) - 0.35],
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(visible=False, range=[-0.08, 1.08])


def _axis_marks(axis: Parameter) -> list[tuple[float, str]]:
    """Position and text of the marks of one axis."""
    if axis.scale == "category":
        return [
            (index / max(len(axis.categories) - 1, 1), t) for index, t in enumerate(axis.categories)
        ]
    if axis.low == axis.high:
        return [(0.5, _value_text(axis, axis.low))]
    if axis.scale == "logarithmic":
        ticks = log_ticks(axis.low, axis.high)["tickvals"]
        values = [tick for tick in ticks if axis.low <= tick <= axis.high]
    else:
        values = [axis.low + share * (axis.high - axis.low) for share in (0, 0.25, 0.5, 0.75, 1)]
    return [(axis.position(value), _value_text(axis, value)) for value in values]


def _value_text(axis: Parameter, value: object) -> str:
    if axis.scale == "category":
        return category_text(value)
    number = float(value)  # type: ignore[arg-type]
    return full_number(float(f"{number:.3g}")) if axis.scale == "logarithmic" else f"{number:.4g}"
