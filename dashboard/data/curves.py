"""What the curve pages compute and draw from the results, kept between reruns.

Every entry is keyed by the state of the results, as in `dashboard.data.store`; nothing of it may be
changed in place.
"""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.codecs import codecs
from core.evaluation.measurements import (
    Measurements,
    lossless_codecs,
    lossy_measurements,
    summary,
)
from core.metrics import metrics
from dashboard.charts.bd_rate import bd_matrix, bd_table, interval_figure, matrix_figure
from dashboard.charts.published_curves import add_published
from dashboard.charts.rate_distortion import (
    Look,
    lossless_table,
    point_table,
    rate_distortion_figure,
)
from dashboard.data.store import fingerprint, load_results


def labels() -> dict[str, str]:
    """What a person reads, by codec."""
    return {name: codec.label for name, codec in codecs().items()}


def label_of(codec: str) -> str:
    """What a person reads for a codec, also for one that cannot run here."""
    return labels().get(codec, codec)


def load_measurements(dataset: str, metric: str) -> dict[str, Measurements]:
    """Measurements by codec, of the codecs that have a curve under the metric."""
    return _measurements(dataset, metric, fingerprint(f"results/{dataset}/"))


def load_lossless(dataset: str) -> pd.DataFrame:
    """Rates of the lossless codecs, as `lossless_table` gives them."""
    return _lossless(dataset, fingerprint(f"results/{dataset}/"))


def load_bd_table(dataset: str, metric: str, anchor: str) -> pd.DataFrame:
    """BD-rates of all codecs against an anchor, as `bd_table` gives them."""
    return _bd_table(dataset, metric, anchor, fingerprint(f"results/{dataset}/"))


def load_bd_matrix(dataset: str, metric: str) -> pd.DataFrame:
    """BD-rates of all pairs, as `bd_matrix` gives them."""
    return _bd_matrix(dataset, metric, fingerprint(f"results/{dataset}/"))


def load_points(dataset: str, metric: str) -> pd.DataFrame:
    """Points of the curves of all codecs, as `point_table` gives them."""
    return _points(dataset, metric, fingerprint(f"results/{dataset}/"))


def load_curves(
    dataset: str,
    metric: str,
    *,
    points: pd.DataFrame,
    lossless: pd.DataFrame,
    look: Look,
    chosen: tuple[str, str] | None,
    published: Sequence[str],
) -> go.Figure:
    """Curves of a choice of points, drawn once per choice.

    Args:
        dataset: Data set that they were measured on.
        metric: Metric of the vertical axis.
        points: Rows of `load_points`, with their index.
        lossless: Rows of `load_lossless`, with their index.
        look: What is shown beside the mean curves.
        chosen: Codec and setting of the point that gets a ring.
        published: Published curves to lay over ours.
    """
    rows = (tuple(points.index), tuple(lossless.index))
    state = fingerprint(f"results/{dataset}/")
    return _curves(dataset, metric, rows, look, chosen, tuple(published), state, points, lossless)


def load_intervals(dataset: str, metric: str, anchor: str, *, table: pd.DataFrame) -> go.Figure:
    """BD-rates with their intervals, drawn once per choice of codecs.

    Args:
        dataset: Data set that they were measured on.
        metric: Metric of the curves.
        anchor: Codec that the others are compared with.
        table: Rows of `load_bd_table`.
    """
    state = fingerprint(f"results/{dataset}/")
    return _intervals(dataset, metric, anchor, tuple(table["codec"]), state, table)


def load_matrix(dataset: str, metric: str) -> go.Figure:
    """BD-rates of all pairs as coloured cells."""
    return _matrix(dataset, metric, fingerprint(f"results/{dataset}/"))


@st.cache_resource(max_entries=16, show_spinner=False)
def _measurements(dataset: str, metric: str, state: str) -> dict[str, Measurements]:
    return lossy_measurements(load_results(dataset).frame, metric=metric)


@st.cache_resource(max_entries=4, show_spinner=False)
def _lossless(dataset: str, state: str) -> pd.DataFrame:
    frame = load_results(dataset).frame
    return lossless_table(summary(frame), lossless_codecs(frame), labels())


@st.cache_resource(max_entries=16, show_spinner=False)
def _points(dataset: str, metric: str, state: str) -> pd.DataFrame:
    return point_table(load_measurements(dataset, metric), labels())


@st.cache_resource(max_entries=64, show_spinner=False)
def _curves(
    dataset: str,
    metric: str,
    rows: tuple[tuple[int, ...], tuple[int, ...]],
    look: Look,
    chosen: tuple[str, str] | None,
    published: tuple[str, ...],
    state: str,
    _points: pd.DataFrame,
    _lossless: pd.DataFrame,
) -> go.Figure:
    figure = rate_distortion_figure(
        _points,
        metric_label=metrics()[metric].LABEL,
        look=look,
        lossless=_lossless,
        tables=load_measurements(dataset, metric),
        chosen=chosen,
    )
    add_published(figure, published)
    return figure


@st.cache_resource(max_entries=64, show_spinner=False)
def _intervals(
    dataset: str,
    metric: str,
    anchor: str,
    codecs: tuple[str, ...],
    state: str,
    _table: pd.DataFrame,
) -> go.Figure:
    return interval_figure(_table, anchor_label=label_of(anchor))


@st.cache_resource(max_entries=16, show_spinner=False)
def _matrix(dataset: str, metric: str, state: str) -> go.Figure:
    return matrix_figure(load_bd_matrix(dataset, metric), labels())


@st.cache_resource(max_entries=64, show_spinner="Resampling the images …")
def _bd_table(dataset: str, metric: str, anchor: str, state: str) -> pd.DataFrame:
    return bd_table(load_measurements(dataset, metric), anchor=anchor, labels=labels())


@st.cache_resource(max_entries=16, show_spinner=False)
def _bd_matrix(dataset: str, metric: str, state: str) -> pd.DataFrame:
    return bd_matrix(load_measurements(dataset, metric))
