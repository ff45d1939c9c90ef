"""The curves read off at one quality and at one rate."""

import math
import statistics
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from core.analysis.labels import label_of
from core.analysis.read_off import read_at_quality, read_at_rate
from core.evaluation.measurements import Curve
from core.metrics import range_of, unit_in
from dashboard import formats
from dashboard.data.curves import View
from dashboard.widgets.bounded import bounded_number
from dashboard.widgets.downloads import download_csv

REFERENCE = "jpeg"
_START_RATE = 1.0
#: Quality that is read off at first, and step of its field.
_STARTS = {"psnr_db": (32.0, 0.5), "ssim": (0.95, 0.005), "ssimulacra2": (70.0, 5.0)}
_SHARE_START = (0.98, 0.005)
#: Columns that are left out where no codec has a value.
_OPTIONAL = frozenset({"bytes", "ratio"})
_LOWEST, _HIGHEST = -100.0, 1000.0
HELP = (
    "Between two measured settings the logarithm of the rate is linear in the quality. A codec "
    "that was not measured there has no value."
)


class ReadOff(NamedTuple):
    """What is read off.

    Attributes:
        value: The quality.
        rate: The rate in bits per pixel.
    """

    value: float
    rate: float

    def value_text(self, view: View) -> str:
        """The quality as its line says it."""
        return (
            f"{formats.metric_text(view.metric, self.value)} {unit_in(view.metric_label)}".strip()
        )

    @property
    def rate_text(self) -> str:
        """The rate as its line says it."""
        return f"{self.rate:g} bpp"


def show_read_off(view: View, curves: Mapping[str, Curve], *, pixels: float | None) -> ReadOff:
    """Two fields, and below each the table that it gives.

    Args:
        view: What the curves show.
        curves: Curve of every codec that is drawn.
        pixels: Number of pixels of every image; None where they differ, and no bytes are shown.
    """
    value = choose_value(view, curves)
    table = read_at_quality(curves, value, pixels=pixels, reference=REFERENCE)
    _show(table, view=view, is_at_rate=False, key="csv-at-quality")
    rate = bounded_number(
        "At bits per pixel",
        0.01,
        200.0,
        _START_RATE,
        step=0.1,
        key="at_rate",
        format="%.2f",
        help=HELP,
    )
    at_rate = read_at_rate(curves, rate, pixels=pixels)
    _show(at_rate, view=view, is_at_rate=True, key="csv-at-rate")
    return ReadOff(value, rate)


def choose_value(view: View, curves: Mapping[str, Curve]) -> float:
    """The quality to read off at."""
    low, high = range_of(view.metric)
    is_share = high == 1.0
    start, step = _STARTS.get(view.metric) or (_SHARE_START if is_share else _middle(curves))
    low, high = max(0.0 if is_share else _LOWEST, low), min(_HIGHEST, high)
    return bounded_number(
        f"At {view.metric_label}",
        low,
        high,
        min(high, max(low, start)),
        step=step,
        key=f"at_{view.metric}",
        format="%.3f" if is_share else "%.2f",
        help=HELP,
    )


def _middle(curves: Mapping[str, Curve]) -> tuple[float, float]:
    """Where most curves have a value, and a step of about a hundredth of what they cover."""
    values = [value for curve in curves.values() for value in curve.values]
    if not values:
        return 0.0, 1.0
    step = 10.0 ** round(math.log10(max(max(values) - min(values), 1e-3) / 100))
    return round(statistics.median(values) / step) * step, step


def _show(table: pd.DataFrame, *, view: View, is_at_rate: bool, key: str) -> None:
    """The table of one field, and its numbers as a file."""
    columns = {"codec": "Codec", "bits_per_pixel": "bpp", "bytes": "Bytes", "ratio": "x JPEG"}
    if is_at_rate:
        columns = {"codec": "Codec", "value": view.metric_label, "bytes": "Bytes"}
    for name in _OPTIONAL.intersection(columns):
        if table[name].isna().all():
            del columns[name]
    shown = table[list(columns)].assign(codec=table["codec"].map(label_of)).rename(columns=columns)
    texts: dict[str, Any] = {
        "bpp": formats.bits_per_pixel,
        "Bytes": "{:,.0f}",
        "x JPEG": "{:.2f}",
        view.metric_label: partial(formats.metric_text, view.metric),
    }
    spelled = {name: spell for name, spell in texts.items() if name in shown}
    st.table(shown.style.format(spelled, na_rep="n/a"), border="horizontal", hide_index=True)
    download_csv(table, file_name=f"{view.file_name}-{key[4:]}.csv", key=key)
