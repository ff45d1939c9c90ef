"""Dead and rarely active ReLU units per layer, for trainings that counted them."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.plain_english import counted
from core.training_records.runs import TrainingRun
from dashboard.charts.colors import codec_style, translucent
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv

DEAD, RARE = "dead_units_", "rare_units_"
HELP = (
    "A unit is one channel after a ReLU. Dead: zero or below at every position of the examined "
    "images. Rare: above zero at less than a thousandth of the positions."
)
_ROW_HEIGHT, _MARGIN_HEIGHT = 26, 110


def unit_table(run: TrainingRun) -> pd.DataFrame:
    """One row per layer: its dead and rare units after the epoch whose weights are kept.

    Without a row where they were not counted after that epoch.
    """
    row = _kept_row(run)
    layers = [layer for layer in _layers(run) if pd.notna(row[f"{DEAD}{layer}"])]
    return pd.DataFrame(
        {
            "layer": layers,
            "dead": [row[f"{DEAD}{layer}"] for layer in layers],
            "rare": [row.get(f"{RARE}{layer}", 0.0) for layer in layers],
        }
    )


def _layers(run: TrainingRun) -> list[str]:
    """Layers whose units were counted after any epoch."""
    names = map(str, run.frame)
    return [name.removeprefix(DEAD) for name in names if name.startswith(DEAD)]


def _kept_row(run: TrainingRun) -> "pd.Series[float]":
    """Row of the epoch whose weights are kept; the newest one where no epoch is best."""
    return run.frame.iloc[-1 if run.best_row is None else run.best_row]


def unit_figure(table: pd.DataFrame, *, run: str) -> go.Figure:
    """Dead and rare units of each layer as stacked bars.

    Args:
        table: Rows of `unit_table`.
        run: Training that they are of.
    """
    color = codec_style(run).color
    figure = go.Figure()
    for kind, shade in (("dead", color), ("rare", translucent(color, 0.4))):
        figure.add_bar(
            x=table[kind],
            y=table["layer"],
            orientation="h",
            name=kind.capitalize(),
            marker={"color": shade},
            hovertemplate=f"%{{y}}: %{{x:.0f}} {kind}<extra></extra>",
        )
    figure.update_xaxes(title="Units", rangemode="tozero", tickformat="d")
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_layout(
        barmode="stack",
        height=_ROW_HEIGHT * len(table) + _MARGIN_HEIGHT,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
    )
    return figure


def show_units(run: TrainingRun, label: str) -> None:
    """Dead and rare units of a training, or that it did not count them; nothing before an epoch."""
    if run.frame.empty:
        return
    st.subheader(f"Units that do not fire: {label}", help=HELP)
    if not _layers(run):
        st.markdown("This training did not count them: an earlier version ran it.")
        return
    table, row = unit_table(run), _kept_row(run)
    epoch = int(row["epoch"])
    if table.empty:
        st.markdown(f"Units were not counted after epoch {epoch}, whose weights are kept.")
        return
    dead, rare = int(table["dead"].sum()), int(table["rare"].sum())
    total = row.get("units", np.nan)
    units = f"{dead:,} of {total:,.0f} units" if pd.notna(total) else counted(dead, "unit")
    st.markdown(
        f"After epoch {epoch}: **{units} {_be(dead)} dead**, {rare:,} more {_be(rare)} rare."
    )
    if dead + rare:
        figure = unit_figure(table[table["dead"] + table["rare"] > 0], run=run.name)
        alt = f"Dead and rare units of each layer of {label}."
        show_chart(figure, key=f"units-{run.name}", name=f"{run.name}-units", alt=alt)
    download_csv(table, file_name=f"{run.name}-units.csv", key=f"csv-units-{run.name}")


def _be(count: int) -> str:
    return "is" if count == 1 else "are"
