"""Quality against bytes: curves of all codecs, read off at a quality or a rate, and BD-rates."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from core.analysis.image_sizes import has_mixed_sizes, pixels_of_each
from core.analysis.labels import label_of
from core.evaluation.results import Results
from core.store.key import evaluation_command
from dashboard.charts.captions import no_container_line, removed_line, source_line
from dashboard.data.curves import (
    View,
    load_curves,
    load_lossless,
    load_measurements,
    load_points,
    load_shared,
)
from dashboard.data.quoted import load_dataset_imports
from dashboard.data.store import load_results, open_store
from dashboard.views.rate_distortion.basis import Drawn, show_basis
from dashboard.views.rate_distortion.bd_rates import show_bd_rates
from dashboard.views.rate_distortion.controls import (
    Spread,
    choose_autoencoders,
    choose_codecs,
    choose_metric,
    choose_spread,
)
from dashboard.views.rate_distortion.point_images import show_point_images
from dashboard.views.rate_distortion.quoted import choose_quoted, with_quoted
from dashboard.views.rate_distortion.quoted_curves import largest_rate
from dashboard.views.rate_distortion.read_off import ReadOff, show_read_off
from dashboard.views.rate_distortion.read_off_lines import with_read_off
from dashboard.views.rate_distortion.tables import (
    show_lossless,
    show_points,
    show_rates_over_pixels,
)
from dashboard.widgets.charts import show_chart
from dashboard.widgets.datasets import choose_dataset
from dashboard.widgets.deferred import draw_when_reached
from dashboard.widgets.downloads import download_csv, download_exchange
from dashboard.widgets.report_download import show_report_downloads
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Rate-distortion"
ICON = ":material/show_chart:"
GROUP = "Results"
ORDER = 2

WHY_EMPTY = "The curves are drawn from measurements of every codec on the test images."
NOTHING_DRAWN = "No point to draw: choose a codec, or widen the range of bits per pixel."
SEPARATOR = "/"


def main() -> None:
    """The page."""
    st.title(TITLE)
    dataset = choose_dataset()
    results = load_results(dataset)
    show_problems([*results.problems, *load_dataset_imports(dataset).problems])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        metric = choose_metric(results.frame, dataset)
        more = [] if metric is None else choose_autoencoders(list(_tables(dataset, metric)))
    if metric is None:
        if not results.problems:
            command = evaluation_command(dataset, open_store().root)
            show_empty("No results yet", why=WHY_EMPTY, command=command)
        return
    lossless = load_lossless(View(dataset, metric))
    codecs = choose_codecs(list(_tables(dataset, metric)), list(lossless["codec"].unique()))
    chart = st.container()
    spread = choose_spread(metric)
    drawn = points_to_draw(spread, dataset, metric, codecs=[*codecs, *more])
    if drawn.is_empty:
        chart.info(NOTHING_DRAWN)
    else:
        point = choose_point(drawn.points)
        with chart:
            drawn = drawn._replace(quoted=choose_quoted(drawn.view))
            show_curves(drawn, spread, results, point)
        if point:
            show_point_images(*point_parts(point), view=drawn.view)
        show_tables_when_reached(drawn)
        if has_mixed_sizes(results.frame):
            show_rates_over_pixels(load_shared(drawn.view), dataset)
    images = results.frame["image"].nunique()
    st.caption(source_line(results.manifests, images=images))


def show_tables_when_reached(drawn: Drawn) -> None:
    """BD-rates and the numbers of all points, below the chart."""
    draw_when_reached(
        partial(show_bd_rates, drawn.points, drawn.view, drawn.quoted),
        key="curves-bd-rates",
        title="BD-rate",
        height=640,
    )
    draw_when_reached(
        partial(show_numbers, drawn.points, drawn.view),
        key="curves-points",
        title="Points",
        height=1000,
    )


def _tables(dataset: str, metric: str) -> Mapping[str, object]:
    return load_measurements(View(dataset, metric))


def points_to_draw(spread: Spread, dataset: str, metric: str, *, codecs: list[str]) -> Drawn:
    """Points and marks of the chosen codecs within the chosen range of rates."""
    view = spread.view(dataset, metric)
    points, marks = load_points(view), load_lossless(view)
    points = points[points["codec"].isin(codecs)]
    marks = marks[marks["codec"].isin(codecs)]
    absent = [name for name in codecs if name not in {*points["codec"], *marks["codec"]}]
    total = len(points) + len(marks)
    points = points[points["bits_per_pixel"].between(*spread.rates)]
    marks = marks[marks["bits_per_pixel"].between(*spread.rates)]
    removed = removed_line(kept=len(points) + len(marks), total=total)
    unknown = no_container_line([label_of(name) for name in absent] if view.payload else [])
    return Drawn(view, points, marks, f"{removed} {unknown}".strip())


def show_curves(drawn: Drawn, spread: Spread, results: Results, point: str | None) -> None:
    """The figure with what is read off beside it, and what its points are over."""
    view = drawn.view
    figure = load_curves(
        view,
        points=drawn.points,
        lossless=drawn.lossless,
        look=spread.look,
        chosen=point_parts(point) if point else None,
    )
    most = largest_rate(figure)
    figure = with_quoted(figure, view, drawn.quoted)
    left, right = st.columns([2, 1], gap="small")
    with right:
        read = read_off_of(drawn, results)
    with left:
        if read:
            figure = with_read_off(
                figure,
                value=read.value,
                value_text=read.value_text(view),
                rate=read.rate,
                rate_text=read.rate_text,
            )
        show_chart(
            figure,
            key="curves",
            name=f"bottleneck-{view.file_name}",
            alt=f"{view.metric_label} against bits per pixel, one curve per codec.",
            on_select=take_click,
        )
    show_basis(drawn, results, most=most)


def read_off_of(drawn: Drawn, results: Results) -> ReadOff | None:
    """What is read off the curves that are drawn; None where there are marks only."""
    if drawn.points.empty:
        return None
    tables = load_measurements(drawn.view)
    curves = {codec: tables[codec].curve() for codec in drawn.points["codec"].unique()}
    return show_read_off(drawn.view, curves, pixels=pixels_of_each(results.frame))


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
    """Display label of an operating point."""
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


def show_numbers(points: pd.DataFrame, view: View) -> None:
    """The numbers that were drawn, and the rates of the lossless codecs."""
    st.subheader("Points")
    show_points(points, view)
    with st.container(horizontal=True):
        named = points.assign(metric=view.metric_name)
        download_csv(named, file_name=f"{view.file_name}-points.csv", key="csv-points")
        download_exchange(view.dataset)
        show_report_downloads(view.dataset)
    lossless = load_lossless(view)
    if len(lossless):
        st.subheader("Lossless formats")
        show_lossless(lossless, view)
        download_csv(lossless, file_name=f"{view.file_name}-lossless.csv", key="csv-lossless")


main()
