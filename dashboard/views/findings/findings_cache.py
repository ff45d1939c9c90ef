"""Cache of the page Findings' tables and figures.

Every entry is keyed by the state of the results, as in `dashboard.data.store`; all visitors share
it, so nothing of it may be changed in place.
"""

from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analysis.bd_tables import bd_rates_of
from core.analysis.claims import Verdict, verdicts
from core.analysis.findings import MethodRow, method_rows
from core.analysis.headline_figures import HeadlineFigure, headline_figures
from core.analysis.headlines import LEARNED, headlines, rate_trained_rates
from core.analysis.labels import labels
from core.analysis.optimised_for import optimised_for
from core.analysis.stored_bd_rates import ANCHOR, METRIC
from core.analysis.two_methods import MethodName, method_names
from core.evaluation.measurements import (
    Curve,
    Measurements,
    on_common_images,
    on_images_of,
    summary,
)
from core.metrics import psnr_db
from dashboard.data.curves import (
    View,
    load_bd_matrix,
    load_bd_table,
    load_measurements,
    load_model_rates,
)
from dashboard.data.store import DATASET, dataset_state, load_results
from dashboard.views.findings.charts import HEADLINE, headline_figure, published_figure


class Findings(NamedTuple):
    """Tables, sentences and figures of the page Findings.

    Attributes:
        tables: PSNR of the codecs in the headline figure, by codec.
        means: Means per codec and setting.
        rows: The ten methods of the thesis.
        verdicts: Outcome of each claim of the thesis.
        curves: Mean PSNR curve by codec.
        names: Operating points that can be compared.
        figures: The figures of the first screen.
        sentences: The findings, one sentence each.
        headline: Quality against bytes, with the thesis marked.
        published: Published and measured PSNR of the methods.
        images: Test images that the means are over.
    """

    tables: dict[str, Measurements]
    means: pd.DataFrame
    rows: tuple[MethodRow, ...]
    verdicts: tuple[Verdict, ...]
    curves: dict[str, Curve]
    names: list[MethodName]
    figures: list[HeadlineFigure]
    sentences: list[str]
    headline: go.Figure
    published: go.Figure
    images: int


def load_findings() -> Findings:
    """Findings from the results as they are now."""
    return _findings(dataset_state(DATASET))


def load_bd_rates() -> pd.DataFrame:
    """BD-rates of the codecs in the headline figure against JPEG, with their intervals."""
    table = load_bd_table(View(DATASET, METRIC), ANCHOR)
    return table[table["codec"].isin(HEADLINE)]


@st.cache_resource(max_entries=2, show_spinner=False)
def _findings(state: str) -> Findings:
    measured = load_measurements(View(DATASET, METRIC))
    common = on_common_images(load_results().frame)
    frame = on_images_of(common, measured)
    means = summary(frame)
    rows = method_rows(means)
    judged = verdicts(rows, frame)
    tables = {codec: table for codec, table in measured.items() if codec in HEADLINE}
    curves = {codec: table.curve() for codec, table in measured.items()}
    matrix = load_bd_matrix(View(DATASET, METRIC))
    deltas = {
        "learned": bd_rates_of(LEARNED, matrix),
        "rate_trained": rate_trained_rates(matrix),
    }
    return Findings(
        tables=tables,
        means=means,
        rows=rows,
        verdicts=judged,
        curves=curves,
        names=method_names(means, labels()),
        figures=headline_figures(curves, rows, judged=judged, **deltas, labels=labels()),
        sentences=[
            *headlines(curves, rows, means, **deltas, labels=labels()),
            *optimised_for(load_model_rates(DATASET), frame, labels()),
        ],
        headline=headline_figure(tables, rows, labels=labels(), metric_label=psnr_db.LABEL),
        published=published_figure(rows),
        images=frame["image"].nunique(),
    )
