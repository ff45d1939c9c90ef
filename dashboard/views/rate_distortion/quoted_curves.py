"""Quoted curves laid over a rate-distortion figure: not measured here, so thin and dashed."""

import html
import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.analysis.imported.curves import Quoted

#: Shown at first of what the program quotes: what ours is measured against, and the best
#: conventional codec. Of what was imported, so many curves.
SHOWN_FIRST = tuple(
    f"published/{codec}"
    for codec in ("bmshj2018-hyperprior", "mbt2018-mean", "elic2022 (paper)", "VTM")
)
_MOST_SHOWN = 8

_COLORS = ("#7d8597", "#a0834a", "#5f8a8b", "#9a7aa0", "#8a8f5a", "#b07a6a", "#6d86b3")
_DASHES = ("dash", "dot")


def shown_first(keys: Sequence[str]) -> list[str]:
    """Keys of the curves that are drawn before a person chooses."""
    imported = [key for key in keys if not key.startswith("published/")]
    return [*(key for key in SHOWN_FIRST if key in keys), *imported[:_MOST_SHOWN]]


def quoted_colors(keys: Sequence[str]) -> dict[str, str]:
    """Colour of each curve: by its place among all that can be chosen."""
    return {key: _COLORS[index % len(_COLORS)] for index, key in enumerate(keys)}


def add_quoted(
    figure: go.Figure,
    curves: Mapping[str, Quoted],
    chosen: Sequence[str],
    *,
    metric_label: str,
    value_format: str,
) -> None:
    """Adds quoted curves as far as the rates that are drawn; one without a point there is left out.

    Args:
        figure: The figure.
        curves: All that can be chosen.
        chosen: Keys of those that are added.
        metric_label: Display label of the metric.
        value_format: How a value of it is written, as d3 writes it.
    """
    names, colors, most = list(curves), quoted_colors(list(curves)), largest_rate(figure)
    for key in chosen:
        points = curves[key].table.curve()
        inside = [rate <= most for rate in points.bits_per_pixel]
        if not any(inside):
            continue
        label, source = html.escape(curves[key].label), html.escape(curves[key].source)
        dash = _DASHES[names.index(key) // len(_COLORS) % len(_DASHES)]
        figure.add_scatter(
            x=_kept(points.bits_per_pixel, inside),
            y=_kept(points.values, inside),
            name=label,
            mode="lines" if sum(inside) > 1 else "markers",
            line={"color": colors[key], "dash": dash, "width": 1.5},
            marker={"color": colors[key], "symbol": "line-ew-open", "size": 12},
            hovertemplate=(
                f"<b>{label}</b>, not measured here<br>%{{x:.3f}} bits per pixel<br>"
                f"{metric_label} %{{y:{value_format}}}<br>{source}<extra></extra>"
            ),
        )


def largest_rate(figure: go.Figure) -> float:
    """Largest rate of the curves of a figure; infinite where it has none."""
    drawn = [max(trace.x) for trace in figure.data if trace.x is not None and len(trace.x)]
    return float(max(drawn, default=math.inf))


def beyond_line(curves: Mapping[str, Quoted], chosen: Sequence[str], *, most: float) -> str:
    """Which points of quoted curves are not drawn; empty where all are.

    Args:
        curves: All that can be chosen.
        chosen: Keys of those that are laid over ours.
        most: Largest rate that is drawn.
    """
    parts = []
    for key in chosen:
        rates = curves[key].table.curve().bits_per_pixel
        if beyond := sum(rate > most for rate in rates):
            count = f"{beyond} of {len(rates)}" if beyond < len(rates) else f"all {len(rates)}"
            parts.append(f"{curves[key].label}: {count}")
    if not parts:
        return ""
    named = ", ".join(parts)
    return f"Points left out beyond our largest rate here, {most:.2f} bits per pixel: {named}."


def _kept(values: Sequence[float], chosen: Sequence[bool]) -> list[float]:
    return [value for value, is_chosen in zip(values, chosen, strict=True) if is_chosen]
