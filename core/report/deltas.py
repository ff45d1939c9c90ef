"""Section on bytes at equal quality: BD-rates with their intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.analysis.axis_ticks import RATIO_TICKS
from core.analysis.bd_tables import SAMPLES, bd_table
from core.analysis.rate_distortion import bd_rates
from core.codecs.styles import codec_style
from core.evaluation.measurements import Measurements
from core.metrics import metrics
from core.report.document import Section
from core.report.plot import Plot, Series
from core.report.tables import Column, Table, without

ANCHOR = "jpeg"
#: What is said of BD-rates that stand beside those of whole files, by their column.
_BESIDE = {
    "payload_percent": (
        " Without containers: from the bytes that are left of a file without those of a grey image "
        "of 16x16 by the same codec, where the codec runs here."
    ),
    "pooled_percent": (
        " By PSNR of the MSE: quality is the PSNR of the mean squared error over all images "
        "instead of the mean of the images' PSNR."
    ),
}


@dataclass(frozen=True)
class Compared:
    """Measurements by codec of what a metric's BD-rates are computed from.

    Attributes:
        files: Rates of whole files.
        payload: Rates without containers, of the codecs whose container is known.
        pooled: Whole files, and the PSNR of the mean squared error; empty for another metric.
    """

    files: Mapping[str, Measurements]
    payload: Mapping[str, Measurements] = field(default_factory=dict)
    pooled: Mapping[str, Measurements] = field(default_factory=dict)


def delta_section(compared: Mapping[str, Compared], labels: Mapping[str, str]) -> Section:
    """Bytes at equal quality against the anchor, as figures and tables.

    Args:
        compared: Measurements by metric.
        labels: Display label by codec.
    """
    anchor = labels.get(ANCHOR, ANCHOR)
    parts: list[Plot | Table] = []
    has_intervals = False
    for metric, found in compared.items():
        if ANCHOR in found.files and len(found.files) > 1:
            frame = _frame(found, labels)
            if frame["bd_rate_percent"].notna().any():
                parts.append(_plot(metric, frame, anchor))
            parts.append(_table(metric, frame))
            has_intervals |= bool(frame["low_percent"].notna().any())
    text = (
        "Mean difference in bytes at equal quality (Bjontegaard delta rate, Akima interpolation, "
        f"over the quality that both curves cover), against {anchor}."
    )
    if has_intervals:
        text += f" The interval holds 95 % of {SAMPLES} paired resamples of the images."
    title = "Bytes at equal quality"
    return Section("bd-rates", title, (text,) if parts else (), tuple(parts))


def _frame(found: Compared, labels: Mapping[str, str]) -> pd.DataFrame:
    """BD-rates of whole files with intervals, and beside them those of the other two kinds."""
    frame = bd_table(found.files, anchor=ANCHOR, labels=labels)
    for name, tables in (("payload_percent", found.payload), ("pooled_percent", found.pooled)):
        rates = bd_rates(tables, anchor=ANCHOR, samples=0) if ANCHOR in tables else {}
        values = {codec: interval.value for codec, interval in rates.items()}
        frame[name] = frame["codec"].map(values).astype("float64")
    return frame


def _plot(metric: str, frame: pd.DataFrame, anchor: str) -> Plot:
    shown = frame[frame["bd_rate_percent"].notna()].reset_index(drop=True)
    series = tuple(_series(row, index) for index, row in shown.iterrows())
    label = metrics()[metric].LABEL
    return Plot(
        name=f"bd-rate-{metric}".replace("_", "-"),
        title=f"BD-rate by {label}",
        caption=(
            f"Bytes at equal {label}. Further left: fewer. The axis is logarithmic: half and "
            "double lie equally far."
        ),
        x_title=f"Bytes, against {anchor}",
        x_unit="ratio",
        y_title="",
        series=series,
        x_scale="log",
        x_ticks=RATIO_TICKS,
        names=tuple(shown["label"]),
        reference=1.0,
    )


def _series(row: "pd.Series[float]", index: object) -> Series:
    ratio, low, high = (
        1 + float(row[name]) / 100 for name in ("bd_rate_percent", "low_percent", "high_percent")
    )
    has_interval = bool(np.isfinite([low, high]).all())
    return Series(
        label=str(row["label"]),
        style=codec_style(str(row["codec"])),
        x=(ratio,),
        y=(float(str(index)),),
        low=(low,) if has_interval else (),
        high=(high,) if has_interval else (),
        has_line=False,
        notes=(f"{row['bd_rate_percent']:+.1f} %",),
    )


def _table(metric: str, frame: pd.DataFrame) -> Table:
    columns = {
        "label": Column("Codec"),
        "bd_rate_percent": Column("BD-rate (%)", "+.1f"),
        "low_percent": Column("from", "+.1f"),
        "high_percent": Column("to", "+.1f"),
        "payload_percent": Column("Without containers (%)", "+.1f"),
        "pooled_percent": Column("By PSNR of the MSE (%)", "+.1f"),
        "overlap_percent": Column("Overlap (%)", ".0f"),
        "images": Column("Images", ",.0f"),
        "note": Column("Note"),
    }
    shown = columns if (frame["note"] != "").any() else without(columns, "note")
    label = metrics()[metric].LABEL
    caption = "Overlap: part of the quality range of either curve that both cover."
    for name, text in _BESIDE.items():
        if frame[name].notna().any():
            caption += text
        else:
            shown = without(shown, name)
    name = f"bd-rates-{metric}".replace("_", "-")
    return Table(name, f"BD-rates by {label}, with intervals", caption, frame, shown)
