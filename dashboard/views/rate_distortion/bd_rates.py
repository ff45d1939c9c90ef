"""BD-rates of the drawn codecs against one of them, and of all pairs."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.analysis.bd_tables import SAMPLES
from dashboard.charts.captions import notes_line
from dashboard.charts.colors import in_legend_order
from dashboard.data.curves import View, load_measurements
from dashboard.data.quoted import (
    curve_label,
    load_quoted,
    load_quoted_bd_matrix,
    load_quoted_bd_table,
)
from dashboard.views.rate_distortion.bd_rate_charts import interval_figure, matrix_figure
from dashboard.views.rate_distortion.quoted_curves import quoted_colors
from dashboard.views.rate_distortion.tables import show_bd_table
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv

BD_HELP = (
    "Mean difference in bytes at equal quality (Bjontegaard), over the quality range that both "
    "curves cover, with Akima interpolation. Below zero: smaller files than those of the codec "
    f"compared with. The interval holds 95 % of {SAMPLES} resamples of the images, the same for "
    "both curves. "
    "BD-rates use the whole curves, whatever range is drawn above, and each metric in its own "
    "unit: SSIM is not converted to decibels."
)


def show_bd_rates(points: pd.DataFrame, view: View, quoted: Sequence[str]) -> None:
    """BD-rates of the drawn codecs and quoted curves against one of them, and of all pairs."""
    names = [*in_legend_order(list(load_measurements(view))), *quoted]
    st.subheader("BD-rate", help=BD_HELP)
    anchor = st.selectbox(
        "Compared with",
        names,
        index=names.index("jpeg") if "jpeg" in names else 0,
        format_func=curve_label,
        key="anchor",
        bind="query-params",
        width=280,
    )
    table = load_quoted_bd_table(view, anchor, quoted=quoted)
    table = table[table["codec"].isin([*points["codec"], *quoted])]
    if table.empty:
        st.info("A BD-rate needs a second codec beside the one compared with.")
        return
    left, right = st.columns([4, 5], gap="medium")
    with left:
        colors = quoted_colors(list(load_quoted(view)))
        figure = interval_figure(table, anchor_label=curve_label(anchor), colors=colors)
        show_chart(
            figure,
            key="intervals",
            name=f"{view.file_name}-bd-rate-{anchor}",
            alt="BD-rates with intervals.",
        )
    with right:
        show_bd_table(table, view.metric_label)
        if notes := notes_line(table):
            st.caption(notes)
        download_csv(table, file_name=f"{view.file_name}-bd-rate-{anchor}.csv", key="csv-bd")
    show_bd_matrix(view, quoted)


def show_bd_matrix(view: View, quoted: Sequence[str]) -> None:
    """BD-rates of all pairs of codecs and quoted curves."""
    with st.expander("Every codec against every other", key="all-pairs"):
        st.caption("Bytes of the row's codec at the quality of the column's, in percent.")
        numbers = load_quoted_bd_matrix(view, quoted=quoted)
        figure = matrix_figure(numbers, {name: curve_label(name) for name in numbers.index})
        # As wide as its cells need: style.css lets a narrow screen scroll over it.
        with st.container(key="scrolled"), st.container(key="wide", width=figure.layout.width):
            show_chart(
                figure,
                key="matrix",
                name=f"{view.file_name}-bd-matrix",
                alt="BD-rates of all pairs.",
            )
        table = numbers.reset_index(names="codec")
        download_csv(table, file_name=f"{view.file_name}-bd-matrix.csv", key="csv-matrix")
