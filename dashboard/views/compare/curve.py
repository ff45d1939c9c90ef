"""Rate-distortion curves of the user's own image, measured while the page is open."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.analysis.bd_tables import bd_table
from core.analysis.labels import label_of, labels
from core.analysis.lossless import lossless_table
from core.codecs import get_codec
from core.evaluation.comparison import CodecConfig
from core.evaluation.measurements import Measurements, lossy_measurements
from core.evaluation.record import Record
from core.evaluation.table import to_frame, to_table
from core.metrics import metrics
from core.plain_english import counted
from dashboard.charts.rate_distortion import (
    Look,
    point_table,
    rate_distortion_figure,
)
from dashboard.data.reconstructions import reconstructions, wanted
from dashboard.data.store import open_store
from dashboard.data.visitor_jobs import Task, queue_line
from dashboard.formats import metric_d3_format
from dashboard.views.compare.image import ChosenImage
from dashboard.views.compare.slow_metrics import MAX_PIXELS_FOR_SLOW_METRICS, chosen_metrics
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv

_WHAT = (
    "The chosen codecs over their whole quality range, measured on **this image** only. Measuring "
    "continues while the page is open; finished points are kept."
)
_HELP = "Some ten settings per codec; a photograph of half a megapixel takes about a minute."
_FAILED = "{points} could not be measured: {problem}"


def show_curve(image: ChosenImage, configs: Sequence[CodecConfig]) -> None:
    """Curves and BD-rates of the codecs on an image, measured on request.

    Args:
        image: The image.
        configs: The codecs with their knobs; those without a dial have no curve.
    """
    st.subheader("Curve of this image")
    if not st.toggle("Measure the curves", key="curve", bind="query-params", help=_HELP):
        return
    st.caption(_WHAT)
    records = measure_curve(image, [config for config in configs if get_codec(config.codec).dial])
    if not records:
        st.info("None of the chosen codecs has a quality setting.", icon=":material/info:")
        return
    _say_failed(records)
    frame = to_frame(to_table(records))
    known = [name for name in metrics() if frame[name].notna().any()]
    if known:
        _show_figures(frame, known)
    download_csv(frame, file_name="bottleneck-curve.csv", key="csv-curve")


def measure_curve(image: ChosenImage, configs: Sequence[CodecConfig]) -> list[Record]:
    """Records of each codec at the settings of its sweep, with its knobs as they are set.

    Args:
        image: The image.
        configs: The codecs.
    """
    progress = st.empty()
    slow = image.pixel_count <= MAX_PIXELS_FOR_SLOW_METRICS
    names = chosen_metrics(slow=slow)
    asked = [
        wanted(replace(config, dial=point.dial), goal=None, metric_names=names)
        for config in configs
        for point in get_codec(config.codec).sweep(open_store())
    ]

    def show(tasks: Sequence[Task]) -> None:
        done = len(asked) - sum(not task.is_done for task in tasks)
        words = f"{done} of {counted(len(asked), 'point')}: {queue_line(tasks)}"
        progress.progress(done / len(asked), words)

    found = reconstructions(image, asked, show=show, is_patient=True) if asked else []
    progress.empty()
    return [replace(one.record, image="this image") for one in found]


def _show_figures(frame: pd.DataFrame, known: Sequence[str]) -> None:
    metric = st.segmented_control(
        "Quality by",
        known,
        default=known[0],
        format_func=lambda name: metrics()[name].LABEL,
        required=True,
        key="curve_metric",
        bind="query-params",
    )
    chosen = metric or known[0]
    tables = lossy_measurements(frame, metric=chosen)
    figure = rate_distortion_figure(
        point_table(tables, labels()),
        metric_label=metrics()[chosen].LABEL,
        look=Look(log_rate=True),
        lossless=lossless_table(frame.assign(images=1).iloc[:0], [], labels()),
        tables=tables,
        value_format=metric_d3_format(chosen),
    )
    figure.update_layout(height=460)
    label = metrics()[chosen].LABEL
    alt = f"{label} of this image over bits per pixel, a line per codec."
    show_chart(figure, key="own-curve", name="bottleneck-curve", alt=alt)
    _show_bd_rates(tables)


def _show_bd_rates(tables: dict[str, Measurements]) -> None:
    able = [name for name in tables if len(tables[name].images)]
    if len(able) < 2:
        return
    anchor = st.selectbox(
        "BD-rate compared with",
        able,
        index=able.index("jpeg") if "jpeg" in able else 0,
        format_func=label_of,
        key="curve_anchor",
        bind="query-params",
        width=280,
    )
    chosen = {name: tables[name] for name in able}
    table = bd_table(chosen, anchor=anchor, labels=labels(), samples=0)  # one image: no interval
    shown = pd.DataFrame(
        {
            "Codec": table["label"],
            "BD-rate (%)": table["bd_rate_percent"].map("{:+.1f}".format).replace("+nan", "n/a"),
            "Gain at equal rate": table["bd_quality"].map("{:+.2f}".format).replace("+nan", "n/a"),
            "Shared quality range (%)": table["overlap_percent"].map("{:.0f}".format),
            "Note": table["note"],
        }
    )
    st.dataframe(shown, hide_index=True, height="content", key="own-bd-rates")


def _say_failed(records: Sequence[Record]) -> None:
    problems = [record.error for record in records if record.error is not None]
    if problems:
        st.caption(_FAILED.format(points=counted(len(problems), "point"), problem=problems[0]))
