"""BD-rate over decode time, as a figure and as one sentence."""

import math

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analysis.labels import label_of
from dashboard import formats
from dashboard.charts.colors import codec_style
from dashboard.charts.log_axis import ratio_axis
from dashboard.data.curves import View, load_bd_matrix
from dashboard.data.store import DATASET, load_results
from dashboard.views.speed.charts import coding_times
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv

REFERENCE = "jpeg"
LEARNED = "bottleneck"
SIZE = (160, 160)
HELP = (
    "Across: median time to decode one image on one core, in a process that has decoded before. "
    "Up: bytes at equal PSNR against JPEG (BD-rate); lower is smaller. Codecs at the lower left "
    "are small and fast."
)
_MILLISECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
#: Variants of a format, whose labels would overlap: they are shown as hover text only.
_UNNAMED = frozenset({"jpeg_optimized", "webp_slow", "avif"})


def show_worth(medians: pd.DataFrame) -> None:
    """Scatter plot, sentence and table; nothing unless both kinds of measurement exist.

    Args:
        medians: Rows of `core.timing.table.medians`.
    """
    table = worth_table(medians)
    if len(table) < 2:
        return
    st.subheader("Bytes saved against time to decode", help=HELP)
    if sentence := worth_sentence(table):
        st.markdown(sentence)
    alt = "BD-rate against JPEG, by decode time, one mark per codec."
    show_chart(worth_figure(table), key="worth", name="bottleneck-bytes-and-decode-time", alt=alt)
    download_csv(table, file_name="bottleneck-bytes-and-decode-time.csv", key="csv-worth")


def worth_table(medians: pd.DataFrame) -> pd.DataFrame:
    """One row per codec that has a decode time and a BD-rate, the fastest first.

    Columns: codec, label, decode_milliseconds, encode_milliseconds, bd_rate_percent.
    """
    times = coding_times(medians, size=_size(medians), start="warm", threads=1)
    times = times[times["repeats"] > 0]
    seconds = {
        operation: times[times["operation"] == operation].groupby("method")["seconds"].min()
        for operation in ("encode", "decode")
    }
    deltas = _deltas()
    rows = [
        (
            codec,
            label_of(codec),
            1000 * seconds["decode"][codec],
            1000 * seconds["encode"].get(codec, math.nan),
            deltas[codec],
        )
        for codec in map(str, seconds["decode"].index)
        if codec in deltas
    ]
    names = ["codec", "label", "decode_milliseconds", "encode_milliseconds", "bd_rate_percent"]
    return pd.DataFrame(rows, columns=names).sort_values("decode_milliseconds", ignore_index=True)


def worth_sentence(table: pd.DataFrame) -> str:
    """BD-rate and decode time of the learned codec against JPEG, in one sentence; else empty.

    Args:
        table: Rows of `worth_table`. Codecs without a time may make smaller files.
    """
    rows = table.set_index("codec")
    if LEARNED not in rows.index or REFERENCE not in rows.index:
        return ""
    times, deltas = rows["decode_milliseconds"], rows["bd_rate_percent"]
    change = formats.signed_percent(float(deltas[LEARNED]))
    is_smallest = deltas.idxmin() == LEARNED
    smallest = "the smallest files at equal PSNR of the codecs timed here"
    size = smallest if is_smallest else "files"
    reference = label_of(REFERENCE)
    return (
        f"**{label_of(LEARNED)} makes {size} ({change} against {reference}) and decodes in "
        f"{times[LEARNED]:.1f} ms**, {_as_long(times[LEARNED] / times[REFERENCE])} as "
        f"{reference} ({times[REFERENCE]:.2f} ms)."
    )


def _as_long(ratio: float) -> str:
    """How long one takes for each second of another, to stand before "as" and its name."""
    if ratio >= 1.95:
        return f"{ratio:.0f} times as long"
    if 0.95 <= ratio < 1.05:
        return "about as long"
    return f"{ratio:.2g} times as long"


def worth_figure(table: pd.DataFrame) -> go.Figure:
    """One marker per codec, with its label.

    Args:
        table: Rows of `worth_table`.
    """
    figure, sides = go.Figure(), _sides(table["decode_milliseconds"])
    for index, row in enumerate(table.itertuples()):
        style = codec_style(str(row.codec))
        figure.add_trace(
            go.Scatter(
                x=[row.decode_milliseconds],
                y=[1 + float(str(row.bd_rate_percent)) / 100],
                text=["" if row.codec in _UNNAMED else row.label],
                textposition=f"{('top', 'bottom')[index % 2]} {sides[index]}",
                mode="markers+text",
                marker={"symbol": style.symbol, "size": 14, "color": style.color},
                hovertemplate=(
                    f"<b>{row.label}</b><br>decodes in %{{x:.3g}} ms<br>"
                    f"{formats.signed_percent(float(str(row.bd_rate_percent)))}<extra></extra>"
                ),
                showlegend=False,
            )
        )
    figure.update_xaxes(
        title="Time to decode (logarithmic)",
        type="log",
        tickvals=_MILLISECONDS,
        ticktext=[f"{time:g} ms" for time in _MILLISECONDS],
        range=_padded(table["decode_milliseconds"]),
    )
    figure.update_yaxes(
        title=f"Bytes at equal PSNR, against {label_of(REFERENCE)}",
        **ratio_axis(1 + table["bd_rate_percent"] / 100),
    )
    figure.add_hline(y=1, line={"width": 1, "dash": "dot", "color": "#757f84"})
    figure.update_layout(height=430, margin={"l": 8, "r": 8, "t": 12, "b": 8}, uirevision="worth")
    return figure


def _sides(values: "pd.Series[float]") -> list[str]:
    """Where each label lies beside its mark: towards the middle, where a narrow chart has room."""
    logarithms = values.map(math.log10)
    places = (logarithms - logarithms.min()) / max(logarithms.max() - logarithms.min(), 0.1)
    return ["right" if place < 0.1 else "left" if place > 0.6 else "center" for place in places]


def _padded(values: "pd.Series[float]") -> list[float]:
    """Range of a logarithmic axis with a margin for the labels at both sides."""
    low, high = math.log10(values.min()), math.log10(values.max())
    margin = 0.12 * max(high - low, 0.5)
    return [low - margin, high + margin]


def _size(medians: pd.DataFrame) -> tuple[int, int]:
    """Image size of the data set if it was timed, else the smallest timed size."""
    sizes = medians[["width", "height"]].dropna().drop_duplicates()
    found = sorted((int(width), int(height)) for width, height in sizes.to_numpy() if width)
    return SIZE if SIZE in found or not found else found[0]


def _deltas() -> dict[str, float]:
    """BD-rate by PSNR in percent against the reference, by codec; that of the reference is 0."""
    if load_results(DATASET).frame.empty:
        return {}
    matrix = load_bd_matrix(View(DATASET, "psnr_db"))
    if REFERENCE not in matrix:
        return {}
    column = matrix[REFERENCE].dropna()
    return dict(zip(column.index, column, strict=True)) | {REFERENCE: 0.0}
