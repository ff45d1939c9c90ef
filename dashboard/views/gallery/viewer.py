"""Dialog with one image of the gallery in the comparison viewer."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.analysis.labels import label_of
from core.evaluation.evaluate import in_one_line
from core.intake.errors import ImageError
from core.metrics import metrics
from core.metrics.ssim import WINDOW
from core.store import ArtifactError
from dashboard.charts.colors import codec_style
from dashboard.charts.image_ranking import RATE, MeasuredPoint
from dashboard.views.gallery.controls import quantity_label
from dashboard.views.gallery.images import GalleryImages
from dashboard.widgets.comparison_viewer import ViewerLayer, ssim_map_layer
from dashboard.widgets.links import comparable, compare_query, link_to_page
from dashboard.widgets.pinned_viewer import PARAMETER as VIEW
from dashboard.widgets.pinned_viewer import pinned_viewer
from dashboard.widgets.reconstruction_cards import NEUTRAL, plain
from dashboard.widgets.reconstruction_table import spelled_cell

#: Query parameter with the id of the open image.
PARAMETER = "image"


def show_opened(
    images: GalleryImages, order: Sequence[str], points: Sequence[MeasuredPoint]
) -> None:
    """Opens a dialog with the image that the URL names, if any.

    Args:
        images: Where images and figures come from.
        order: Ids of all images in the order of the gallery.
        points: Operating points that are compared.
    """
    if st.query_params.get(PARAMETER) in order:
        _open(images, order, points)


def opened_layers(
    images: GalleryImages, image_id: str, points: Sequence[MeasuredPoint]
) -> list[ViewerLayer]:
    """Original, reconstructions with their metrics, and the SSIM map of the first.

    A codec that cannot run here is left out.

    Raises:
        ImageError: The image is not accepted any more.
        OSError: Its file cannot be read.
    """
    original = images.pixels(image_id)
    frame = images.records(points)
    layers = [ViewerLayer("Original", original, {}, NEUTRAL)]
    for point in points:
        try:
            pixels = images.decoded(image_id, point)
        except (ArtifactError, ValueError):
            continue
        name = f"{label_of(point.codec)} {point.setting}"
        own = frame[(frame["codec"] == point.codec) & (frame["setting"] == point.setting)]
        figures = own[own["image"] == image_id].iloc[0].to_dict()
        layers.append(ViewerLayer(name, pixels, _readout(figures), codec_style(point.codec).color))
    if len(layers) > 1 and min(original.shape[:2]) >= WINDOW:
        name = f"SSIM map of {layers[1].name}"
        layers.append(ssim_map_layer(original, layers[1].pixels, name=name))
    return layers


def _forget() -> None:
    for name in (PARAMETER, VIEW):
        st.query_params.pop(name, None)


@st.dialog("Image of the gallery", width="large", on_dismiss=_forget)
def _open(images: GalleryImages, order: Sequence[str], points: Sequence[MeasuredPoint]) -> None:
    image_id = st.query_params.get(PARAMETER)
    if image_id is None or image_id not in order:
        return
    index = order.index(image_id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _step("Previous", order, index - 1, icon=":material/chevron_left:")
        _step("Next", order, index + 1, icon=":material/chevron_right:")
        kind = images.classes.get(image_id)
        words = f"{plain(kind)}, {plain(image_id)}" if kind else f"**{plain(image_id)}**"
        st.markdown(f"{index + 1:,} of {len(order):,}: {words}", width="content")
        _link_to_compare(images.compare_query(image_id), points)
    try:
        layers = opened_layers(images, image_id, points)
    except (ImageError, OSError) as error:
        st.warning(f"This image cannot be shown: {plain(in_one_line(error))}")
        return
    pinned_viewer(layers, key="gallery")


def _link_to_compare(image: Mapping[str, str] | None, points: Sequence[MeasuredPoint]) -> None:
    """Links to the page Compare, where it can open the image: for all points, or one for each."""
    if image is None:
        return
    groups = comparable(points)
    for group in groups:
        what = f"{label_of(group[0].codec)}, {group[0].setting}" if len(groups) > 1 else ""
        link_to_page(
            "compare",
            f"Open {what} in Compare".replace("  ", " "),
            icon=":material/compare:",
            query={**image, **compare_query(group)},
        )


def _step(label: str, order: Sequence[str], index: int, *, icon: str) -> None:
    exists = 0 <= index < len(order)
    st.button(
        label,
        key=f"step-{label}",
        icon=icon,
        disabled=not exists,
        on_click=_go_to,
        args=[order[index] if exists else ""],
    )


def _go_to(image_id: str) -> None:
    st.query_params[PARAMETER] = image_id


def _readout(figures: Mapping[Hashable, Any]) -> dict[str, str]:
    """Bytes, rate and metrics of a row of results as text; missing ones are omitted."""
    titles = {"bytes": "Bytes", RATE: quantity_label(RATE)}
    titles |= {name: quantity_label(name) for name in metrics() if name in figures}
    words = {title: spelled_cell(name, figures[name]) for name, title in titles.items()}
    return {title: text for title, text in words.items() if text}
