"""Numbers of a page as files."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analysis.export import exchange_files
from core.analysis.labels import labels
from core.analysis.zip_archive import zip_of
from dashboard.data.store import dataset_state, load_results


def download_csv(
    frame: pd.DataFrame, *, file_name: str, key: str, label: str = "Numbers as CSV"
) -> None:
    """Button that saves a table as CSV (UTF-8, one header line, full precision).

    The file is made when the button is clicked, so that a large table costs nothing before.
    """
    st.download_button(
        label,
        data=lambda: frame.to_csv(index=False).encode("utf-8"),
        file_name=file_name,
        mime="text/csv",
        key=key,
        icon=":material/download:",
        on_click="ignore",
    )


def drawn_values(figure: go.Figure) -> pd.DataFrame:
    """What a chart of points, lines or bars shows: series, and the values by the axes' titles."""
    x, y = (axis.title.text or name for axis, name in zip(_axes(figure), "xy", strict=True))
    parts = [
        pd.DataFrame({"series": trace.name, x: list(trace.x), y: list(trace.y)})
        for trace in figure.data
        if trace.x is not None and trace.y is not None and len(trace.x)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["series", x, y])


def _axes(figure: go.Figure) -> tuple[go.layout.XAxis, go.layout.YAxis]:
    return figure.layout.xaxis, figure.layout.yaxis


def download_exchange(dataset: str) -> None:
    """Button that saves all records of a data set in the formats of other tools."""
    st.download_button(
        "For other tools (ZIP)",
        data=lambda: _exchange(dataset, dataset_state(dataset)),
        file_name=f"{dataset}-for-other-tools.zip",
        mime="application/zip",
        key="zip-exchange",
        icon=":material/folder_zip:",
        on_click="ignore",
        help="Curves as CompressAI draws them, batches for codec-compare, and every record as "
        "Parquet. Made when clicked, which takes some seconds.",
    )


@st.cache_data(max_entries=1, show_spinner=False)
def _exchange(dataset: str, state: str) -> bytes:
    results = load_results(dataset)
    return zip_of(
        exchange_files(results.frame, results.manifests, dataset=dataset, labels=labels())
    )
