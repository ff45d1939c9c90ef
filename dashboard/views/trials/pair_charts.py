"""Optuna's plots over pairs of parameters in our colours, selected trials highlighted."""

import re
from collections.abc import Collection, Sequence

import pandas as pd
import plotly.graph_objects as go

from core.search.studies import Direction, TrialRecord
from dashboard.views.trials.parameters import parameter_names, parameter_title, parameters_of
from dashboard.views.trials.style import COLOR_BAR, RING, SCALE, scale_color


def recolor_ranks(figure: go.Figure, trials: Sequence[TrialRecord], direction: Direction) -> None:
    """Applies our colour scale to the points of a rank plot and to its colour bar.

    Args:
        figure: What `optuna.visualization.plot_rank` drew.
        trials: The complete trials that it was drawn from.
        direction: Whether more is better: the better end of the colours is the strong one.
    """
    ranks = pd.Series([trial.value for trial in trials]).rank() - 1
    last = max(len(trials) - 1, 1)
    colors = {
        trial.number: scale_color(rank / last if direction == "maximize" else 1 - rank / last)
        for trial, rank in zip(trials, ranks, strict=True)
    }
    for trace in figure.data:
        if trace.hovertext is not None:
            trace.marker.color = [colors[_number(text)] for text in trace.hovertext]
        elif trace.marker.colorscale is not None:
            texts = _bar_texts(trace.marker.colorbar.ticktext)
            trace.marker.update(
                colorscale=SCALE,
                reversescale=direction == "minimize",
                colorbar=COLOR_BAR
                | {"tickvals": trace.marker.colorbar.tickvals, "ticktext": texts, "len": 0.9},
            )


def ring_pairs(figure: go.Figure, trials: Sequence[TrialRecord], chosen: Collection[int]) -> None:
    """Sets axis titles of a plot over pairs of parameters, and draws rings around some trials."""
    names = parameter_names(trials)
    scales = {parameter.name: parameter.scale for parameter in parameters_of(trials)}
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        if axis.title.text in names:
            axis.title = {"text": parameter_title(axis.title.text), "font": {"size": 12}}
    ringed = [trial for trial in trials if trial.number in set(chosen)]
    for row, vertical in enumerate(names, start=1):
        for column, horizontal in enumerate(names, start=1):
            if len(names) == 2 and (row, column) != (2, 1):
                continue  # two parameters make one plot, not four
            own = [t for t in ringed if vertical in t.params and horizontal in t.params]
            if not own or row == column:
                continue
            cell = {} if len(names) == 2 else {"row": row, "col": column}
            figure.add_scatter(
                x=_values(own, horizontal, scales[horizontal]),
                y=_values(own, vertical, scales[vertical]),
                mode="markers",
                marker=RING,
                showlegend=False,
                hoverinfo="skip",
                **cell,
            )


def _values(trials: Sequence[TrialRecord], name: str, scale: str) -> list[object]:
    values = [trial.params[name] for trial in trials]
    return [str(value) for value in values] if scale == "category" else values


def _number(hover_text: str) -> int:
    """Trial number of a point in Optuna's figure."""
    found = re.search(r"Trial #(\d+)", hover_text)
    return int(found[1]) if found else -1


def _bar_texts(texts: Sequence[str]) -> list[str]:
    """Optuna's "75% (27.5487)" in two lines, with fewer digits."""
    return [
        re.sub(r"\(([-+.\de]+)\)", lambda m: f"<br>{float(m[1]):.4g}", text).replace("% ", " %")
        for text in texts
    ]
