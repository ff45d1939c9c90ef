"""Controls of the gallery: codec, setting, order, class and content of the tiles."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.analysis.labels import label_of
from core.metrics import metrics
from dashboard import glossary
from dashboard.charts.colors import in_legend_order
from dashboard.charts.image_ranking import RATE, MeasuredPoint, nearest_setting, point_of

ORDERS = {
    "worst": "Worst first",
    "best": "Best first",
    "behind": "Loses most against",
    "ahead": "Wins most against",
}
_ORDER_HELP = (
    "Worst and best: sorted by the metric chosen beside. Loses most and wins most: compared with a "
    "second codec on the same image, the largest difference first."
)
_AUTOMATIC = "nearest in bytes"
_START_RATE = 1.0


@dataclass(frozen=True)
class GallerySelection:
    """Selection of the images and their order.

    Attributes:
        first: Operating point of the images.
        second: Operating point that it is compared with; None without a gap.
        quantity: Name of a metric, or `RATE`.
        order: One of `ORDERS`.
    """

    first: MeasuredPoint
    second: MeasuredPoint | None
    quantity: str
    order: str

    @property
    def points(self) -> list[MeasuredPoint]:
        """The one or two selected operating points."""
        return [self.first] if self.second is None else [self.first, self.second]


def choose_selection(points: pd.DataFrame, measured: list[str]) -> GallerySelection:
    """Codec, figure and order.

    Args:
        points: Rows of `dashboard.charts.image_ranking.operating_points`.
        measured: Metrics that have values.
    """
    first = choose_point(points)
    order = choose_order()
    quantity = choose_quantity(measured)
    second = choose_second(points, first) if order in ("behind", "ahead") else None
    return GallerySelection(first, second, quantity, order)


def choose_order() -> str:
    """Sort order of the images."""
    return st.selectbox(
        "Order",
        list(ORDERS),
        format_func=ORDERS.__getitem__,
        key="order",
        bind="query-params",
        help=_ORDER_HELP,
        width=170,
    )


def choose_quantity(measured: list[str]) -> str:
    """Quantity that the images are sorted by."""
    known = metrics()
    explained = [f"**{known[name].LABEL}**: {known[name].DEFINITION}" for name in measured]
    return st.selectbox(
        "By",
        [*measured, RATE],
        format_func=quantity_label,
        key="metric",
        bind="query-params",
        help="\n\n".join([*explained, f"**{quantity_label(RATE)}**: {glossary.BITS_PER_PIXEL}"]),
        width=170,
    )


def choose_point(points: pd.DataFrame) -> MeasuredPoint:
    """Codec and setting whose images are shown."""
    codec = _choose_codec(points, "Codec", key="codec")
    settings = _settings(points, codec)
    setting = st.selectbox(
        "Setting",
        settings,
        index=settings.index(nearest_setting(points, codec, _START_RATE)),
        key="setting",
        bind="query-params",
        width=200,
    )
    return point_of(points, codec, setting)


def choose_second(points: pd.DataFrame, first: MeasuredPoint) -> MeasuredPoint:
    """Codec and setting that the first is compared with."""
    rate = points.loc[
        (points["codec"] == first.codec) & (points["setting"] == first.setting), RATE
    ].iloc[0]
    codec = _choose_codec(points, "Compared with", key="second", after=first.codec)
    setting = st.selectbox(
        "Its setting",
        [_AUTOMATIC, *_settings(points, codec)],
        key="second_setting",
        bind="query-params",
        help="By default the setting whose mean rate is nearest to that of the first codec.",
        width=200,
    )
    if setting == _AUTOMATIC:
        setting = nearest_setting(points, codec, rate)
    return point_of(points, codec, setting)


def choose_class(names: list[str]) -> str | None:
    """Class whose images are shown; None for all."""
    return st.selectbox(
        "Class",
        names,
        index=None,
        placeholder="All classes",
        key="class",
        bind="query-params",
        width=220,
    )


def quantity_label(quantity: str) -> str:
    """Display label of a quantity."""
    return metrics()[quantity].LABEL if quantity in metrics() else "Bits per pixel"


def _choose_codec(points: pd.DataFrame, label: str, *, key: str, after: str | None = None) -> str:
    names = in_legend_order(points["codec"].unique().tolist())
    others = [name for name in names if name != after]
    start = others[0] if after and others else names[0]
    return st.selectbox(
        label,
        names,
        index=names.index("jpeg" if "jpeg" in names and after != "jpeg" else start),
        format_func=label_of,
        key=key,
        bind="query-params",
        width=240,
    )


def _settings(points: pd.DataFrame, codec: str) -> list[str]:
    return points.loc[points["codec"] == codec, "setting"].tolist()
