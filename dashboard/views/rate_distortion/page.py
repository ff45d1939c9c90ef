"""Quality against bytes: curves of all codecs, the images behind a point, and BD-rates."""

from math import ceil
from typing import NamedTuple

import pandas as pd
import streamlit as st

from core.analysis.published import KODAK
from core.evaluation.results import Results, result_datasets
from core.metrics import metrics
from dashboard.charts.captions import basis_line, removed_line, source_line
from dashboard.charts.colors import in_legend_order
from dashboard.charts.published_curves import SHOWN_FIRST, codec_names, sources
from dashboard.charts.rate_distortion import SINGLE_IMAGES, Look
from dashboard.data.curves import (
    label_of,
    load_curves,
    load_lossless,
    load_measurements,
    load_points,
)
from dashboard.data.store import DATASET, load_results, open_store
from dashboard.views.rate_distortion.bd_rates import show_bd_rates
from dashboard.views.rate_distortion.point_images import show_point_images
from dashboard.views.rate_distortion.tables import show_lossless, show_points
from dashboard.widgets.bounded import bounded_range
from dashboard.widgets.charts import CONFIG
from dashboard.widgets.downloads import download_csv, download_exchange
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Rate-distortion"
ICON = ":material/show_chart:"
GROUP = "Results"
ORDER = 2

COMMAND = "python -m pipelines.evaluate"
INTRODUCTION = (
    "How good an image is after so many bytes. Each point is one setting of a codec, averaged "
    "over the test images; further up and further left is better."
)
WHY_EMPTY = "The curves are drawn from measurements of every codec on the test images."
SPREADS = {"none": "Means only", "bars": "10-90 % bars", "images": "Single images"}
SPREAD_HELP = (
    "Bars from the 10th to the 90th percentile of the images, in rate and in quality; or thin "
    f"curves of {SINGLE_IMAGES} images, taken evenly from the sorted ids."
)
LOSSLESS_HELP = "A lossless codec has no curve: it is a mark at its rate on the upper edge."
SEPARATOR = "/"


def main() -> None:
    """The page."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    dataset = choose_dataset()
    results = load_results(dataset)
    show_problems(results.problems)
    metric = choose_metric(results.frame)
    if metric is None:
        if not results.problems:
            show_empty("No results yet", why=WHY_EMPTY, command=COMMAND)
        return
    drawn = choose_points(dataset, metric)
    if drawn.is_empty:
        st.info("No point to draw: choose a codec, or widen the range of bits per pixel.")
    else:
        chart = st.container()
        point = choose_point(drawn.points)
        with chart:
            show_curves(drawn, results, dataset, metric, point)
        if point:
            show_point_images(*point_parts(point), dataset=dataset, metric=metric)
        show_bd_rates(drawn.points, dataset, metric)
        show_numbers(drawn.points, dataset, metric)
    images = results.frame["image"].nunique()
    st.caption(source_line(results.manifests, images=images))


class Drawn(NamedTuple):
    """What the controls leave to draw.

    Attributes:
        points: Points of the curves.
        lossless: Marks of the lossless codecs.
        look: What the figure shows beside them.
        removed: Sentence on the points that the range of rates leaves out, or nothing.
    """

    points: pd.DataFrame
    lossless: pd.DataFrame
    look: Look
    removed: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return self.points.empty and self.lossless.empty


def choose_dataset() -> str:
    """Data set that the page is about; a choice only where there are several."""
    names = result_datasets(open_store()) or [DATASET]
    if len(names) == 1:
        return names[0]
    start = names.index(DATASET) if DATASET in names else 0
    return st.selectbox("Data set", names, index=start, key="dataset", bind="query-params")


def choose_metric(frame: pd.DataFrame) -> str | None:
    """Metric of the vertical axis, among those that were measured; None where none was."""
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
        help="\n\n".join(f"**{known[name].LABEL}**: {known[name].DEFINITION}" for name in measured),
    )


def choose_codecs(curves: list[str], lossless: list[str]) -> list[str]:
    """Codecs to draw; at first all that have a curve."""
    return st.multiselect(
        "Codecs",
        [*in_legend_order(curves), *in_legend_order(lossless)],
        default=in_legend_order(curves),
        format_func=label_of,
        key="codecs",
        bind="query-params",
        help=LOSSLESS_HELP,
        wrap=True,
    )


def choose_look() -> Look:
    """What the figure shows beside the mean curves."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        spread = st.segmented_control(
            "Spread over images",
            list(SPREADS),
            default="none",
            format_func=SPREADS.get,
            required=True,
            key="spread",
            bind="query-params",
            help=SPREAD_HELP,
        )
        log_rate = st.toggle("Logarithmic rate", value=True, key="log", bind="query-params")
    return Look(log_rate, whiskers=spread == "bars", single_images=spread == "images")


def choose_rates(rates: pd.Series) -> tuple[float, float]:
    """Range of bits per pixel to draw, of those that there are."""
    highest = float(ceil(10 * rates.max()) / 10) if len(rates) else 1.0
    return bounded_range("Bits per pixel", 0.0, highest, step=0.1, key="rates")


def choose_points(dataset: str, metric: str) -> Drawn:
    """Controls above the figure."""
    tables, lossless = load_measurements(dataset, metric), load_lossless(dataset)
    chosen = choose_codecs(list(tables), list(lossless["codec"].unique()))
    left, right = st.columns([5, 3], gap="medium", vertical_alignment="bottom")
    with left:
        look = choose_look()
    points = load_points(dataset, metric)
    points = points[points["codec"].isin(chosen)]
    marks = lossless[lossless["codec"].isin(chosen)]
    with right:
        rates = choose_rates(pd.concat([points["bits_per_pixel"], marks["bits_per_pixel"]]))
    total = len(points) + len(marks)
    points = points[points["bits_per_pixel"].between(*rates)]
    marks = marks[marks["bits_per_pixel"].between(*rates)]
    removed = removed_line(kept=len(points) + len(marks), total=total)
    return Drawn(points, marks, look, removed)


def show_curves(
    drawn: Drawn, results: Results, dataset: str, metric: str, point: str | None
) -> None:
    """The figure, and what its points are over."""
    chosen = metrics()[metric]
    published = choose_published(dataset, metric)
    figure = load_curves(
        dataset,
        metric,
        points=drawn.points,
        lossless=drawn.lossless,
        look=drawn.look,
        chosen=point_parts(point) if point else None,
        published=published,
    )
    st.plotly_chart(
        figure,
        key="curves",
        on_select=take_click,
        selection_mode="points",
        config=CONFIG,
        alt=f"{chosen.LABEL} against bits per pixel, one curve per codec.",
    )
    total = results.frame["image"].nunique()
    basis = basis_line(drawn.points, total=total, on_subset=chosen.ON_SUBSET_ONLY)
    quoted = f"Dashed: {sources()}, quoted and not measured here." if published else ""
    st.caption(f"{basis} {drawn.removed} {quoted}")


def choose_published(dataset: str, metric: str) -> list[str]:
    """Published curves to lay over ours; there are some of the PSNR on Kodak."""
    if (dataset, metric) != (KODAK, "psnr_db"):
        return []
    return st.multiselect(
        "Published curves",
        codec_names(),
        default=SHOWN_FIRST,
        key="published",
        bind="query-params",
        wrap=True,
    )


def take_click() -> None:
    """Chooses the point of the chart that was clicked."""
    clicked = st.session_state["curves"].selection.points
    if clicked and "customdata" in clicked[0]:
        st.session_state["point"] = SEPARATOR.join(clicked[0]["customdata"][:2])


def point_parts(point: str) -> tuple[str, str]:
    """Codec and setting of a point's name."""
    codec, _, setting = point.partition(SEPARATOR)
    return codec, setting


def point_label(point: str) -> str:
    """What a person reads for a point."""
    codec, setting = point_parts(point)
    return f"{label_of(codec)}, {setting}"


def choose_point(points: pd.DataFrame) -> str | None:
    """Point whose images are shown; None at first."""
    return st.selectbox(
        "Images behind a point",
        (points["codec"] + SEPARATOR + points["setting"]).tolist(),
        index=None,
        format_func=point_label,
        placeholder="Click a point of the chart, or choose one here",
        key="point",
        bind="query-params",
    )


def show_numbers(points: pd.DataFrame, dataset: str, metric: str) -> None:
    """The numbers that were drawn, and the rates of the lossless codecs."""
    st.subheader("Points")
    show_points(points, metrics()[metric].LABEL)
    with st.container(horizontal=True):
        download_csv(points, file_name=f"{dataset}-{metric}-points.csv", key="csv-points")
        download_exchange(dataset)
    lossless = load_lossless(dataset)
    if len(lossless):
        st.subheader("Lossless formats")
        show_lossless(lossless)
        download_csv(lossless, file_name=f"{dataset}-lossless.csv", key="csv-lossless")


main()
