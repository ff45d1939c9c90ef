"""Controls above and below the curves."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import streamlit as st

from core.analysis.labels import label_of
from core.codecs.autoencoder import architectures
from core.codecs.rate_autoencoder import rate_architectures
from core.metrics import metrics, psnr_db, smallest_side
from core.store.key import evaluation_command
from dashboard.charts.colors import in_legend_order
from dashboard.charts.rate_distortion import SINGLE_IMAGES, Look
from dashboard.data.curves import View
from dashboard.data.store import open_store

#: Curves that are drawn at first where they were measured: our codec as it was trained for squared
#: error and for the eye, one per format, and AVIF as slow as is useful.
SHOWN_FIRST = (
    *("bottleneck", "bottleneck_visual"),
    *("jpeg", "webp", "avif_444", "avif_slow", "jpeg_xl", "jpeg2000"),
)
#: The thesis' networks as it trained them, and the same topologies trained for rate.
AUTOENCODERS = (*architectures(), *rate_architectures())
SPREADS = {"none": "Means only", "bars": "10-90 % bars", "images": "Single images"}
SPREAD_HELP = (
    "Bars from the 10th to the 90th percentile of the images, in rate and in quality; or thin "
    f"curves of {SINGLE_IMAGES} images, taken evenly from the sorted ids."
)
LOSSLESS_HELP = "A lossless codec has no curve: it is a mark at its rate on the upper edge."
RATES = {"file": "Whole file", "payload": "Without containers"}
RATE_HELP = (
    "**Whole file**: 8 x all bytes / pixels, headers included. **Without containers**: without "
    "headers, tables and boxes, whose size is measured on a grey image of 16x16 pixels."
)
MEANS = {"mean": "Mean of the images", "pooled": "Of the mean squared error"}
MEAN_HELP = (
    "**Mean of the images**: mean of the images' PSNR values, as in the thesis. **Of the mean "
    "squared error**: PSNR of the error averaged over all images, so that badly reproduced images "
    "have more weight. The two can differ by several decibels."
)
#: Ends of the range of rates that can be chosen, in about equal ratios.
RATE_MARKS = (0.0, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200)


class Spread(NamedTuple):
    """Controls below the figure.

    Attributes:
        look: What the figure shows beside the mean curves.
        rates: Smallest and largest rate that is drawn.
        payload: Whether the rate leaves out the containers.
        pooled: Whether a PSNR is that of the mean squared error.
    """

    look: Look
    rates: tuple[float, float]
    payload: bool
    pooled: bool

    def view(self, dataset: str, metric: str) -> View:
        """The curves that the controls choose."""
        return View(dataset, metric, self.payload, self.pooled and metric == psnr_db.NAME)


def choose_metric(frame: pd.DataFrame, dataset: str) -> str | None:
    """Metric of the vertical axis, among those that were measured; None where none was.

    Args:
        frame: Results.
        dataset: Data set that they were measured on.
    """
    known = metrics()
    measured = [name for name in known if name in frame and frame[name].notna().any()]
    if not measured:
        return None
    return st.segmented_control(
        "Quality",
        measured,
        default=measured[0],
        format_func=lambda name: known[name].LABEL,
        required=True,
        key="metric",
        bind="query-params",
        help=metric_help(measured, frame, dataset),
        wrap=True,
    )


def metric_help(measured: Collection[str], frame: pd.DataFrame, dataset: str) -> str:
    """What each metric is; those that no result has with the command that adds them.

    A metric for which every image is too small cannot be added, and says so.

    Args:
        measured: Metrics that some result has.
        frame: Results.
        dataset: Data set that they were measured on.
    """
    known = metrics()
    lines = [f"**{known[name].LABEL}**: {known[name].DEFINITION}" for name in measured]
    absent = [name for name in known if name not in measured]
    largest = frame[["width", "height"]].min(axis=1).max()
    if undefined := [name for name in absent if smallest_side(name) > largest]:
        lines.append(f"Not defined for images as small as these: {_labels_of(undefined)}.")
    if absent := [name for name in absent if name not in undefined]:
        command = evaluation_command(dataset, open_store().root, metrics=absent)
        names = _labels_of(absent)
        lines.append(f"Not measured here: {names}. `{command}` adds them to stored results.")
    return "\n\n".join(lines)


def _labels_of(names: Sequence[str]) -> str:
    return ", ".join(metrics()[name].LABEL for name in names)


def unmeasured_line(
    frame: pd.DataFrame, metric: str, labels: Mapping[str, str], dataset: str
) -> str:
    """Which codecs lack a metric that others have, and the command; empty where none does.

    Args:
        frame: Results.
        metric: The metric.
        labels: Display label by codec.
        dataset: Data set that the results were measured on.
    """
    has = frame[metric].notna().groupby(frame["codec"], observed=True).any()
    coded = (frame["bytes"].notna() & ~frame["lossless"]).groupby(frame["codec"], observed=True)
    lacking = [str(codec) for codec in has.index[~has & coded.any()]]
    if not lacking:
        return ""
    command = evaluation_command(dataset, open_store().root, codecs=lacking, metrics=[metric])
    names = ", ".join(labels.get(codec, codec) for codec in lacking)
    return f"Not measured for {names}: `{command}`"


def choose_codecs(curves: list[str], lossless: list[str]) -> list[str]:
    """Codecs to draw."""
    chosen = st.multiselect(
        "Codecs",
        [*in_legend_order(curves), *in_legend_order(lossless)],
        default=drawn_first(curves),
        format_func=label_of,
        key="codecs",
        bind="query-params",
        help=LOSSLESS_HELP,
        wrap=True,
    )
    return list(chosen)


def drawn_first(curves: Sequence[str]) -> list[str]:
    """Codecs that are drawn before anyone chooses: one per format, or all where they are few."""
    others = [name for name in in_legend_order([*curves]) if name not in AUTOENCODERS]
    if len(others) <= len(SHOWN_FIRST):
        return others or in_legend_order([*curves])
    return [name for name in SHOWN_FIRST if name in curves]


def choose_autoencoders(curves: list[str]) -> list[str]:
    """The thesis' autoencoders, if they shall be drawn too."""
    known = [name for name in AUTOENCODERS if name in curves]
    if not known:
        return []
    wanted = st.toggle("Autoencoders of the thesis", key="autoencoders", bind="query-params")
    return known if wanted else []


def choose_spread(metric: str) -> Spread:
    """Controls below the figure."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        spread = _choose("Spread over images", SPREADS, key="spread", explanation=SPREAD_HELP)
        rate = _choose("Rate", RATES, key="rate", explanation=RATE_HELP)
        mean = "mean"
        if metric == psnr_db.NAME:
            mean = _choose("PSNR", MEANS, key="mean", explanation=MEAN_HELP)
    left, right = st.columns([4, 1], gap="medium", vertical_alignment="bottom")
    with left:
        rates = choose_rates()
    with right:
        log_rate = st.toggle("Logarithmic rate", value=True, key="log", bind="query-params")
    look = Look(log_rate, whiskers=spread == "bars", single_images=spread == "images")
    return Spread(look, rates, rate == "payload", mean == "pooled")


def choose_rates() -> tuple[float, float]:
    """Range of bits per pixel to draw."""
    low, high = st.select_slider(
        "Bits per pixel",
        RATE_MARKS,
        (RATE_MARKS[0], RATE_MARKS[-1]),
        format_func=lambda mark: f"{mark:g}",
        key="rates",
        bind="query-params",
    )
    return float(low), float(high)


def _choose(label: str, options: dict[str, str], *, key: str, explanation: str) -> str:
    """One of the options, the first at the start."""
    names = list(options)
    chosen = st.segmented_control(
        label,
        names,
        default=names[0],
        format_func=lambda name: options[name],
        required=True,
        key=key,
        bind="query-params",
        help=explanation,
        wrap=True,
    )
    return chosen or names[0]
