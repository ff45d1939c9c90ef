"""Compares codecs on the user's own images: reconstructions, sizes and metrics."""

import functools
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.codecs import get_codec
from core.evaluation.comparison import BYTES, CodecConfig, Reconstruction, unready_codecs
from core.metrics import metrics
from core.metrics.ssim import WINDOW
from dashboard.data.store import open_store
from dashboard.data.visitor_jobs import Task, lanes, queue_line
from dashboard.views.compare.containers import bytes_of_container
from dashboard.views.compare.curve import show_curve
from dashboard.views.compare.goal_picker import TargetSelection, choose_target
from dashboard.views.compare.goals import bring_to_goal
from dashboard.views.compare.grid import grid
from dashboard.views.compare.image import ChosenImage, Selection
from dashboard.views.compare.layers import decoded_layers, map_layers, original_layer
from dashboard.views.compare.mean import show_mean
from dashboard.views.compare.oddities import warn_of_oddities
from dashboard.views.compare.picker import choose_part, choose_selection, describe_image
from dashboard.views.compare.slow_metrics import MAX_PIXELS_FOR_SLOW_METRICS
from dashboard.views.compare.versions import weigh_versions
from dashboard.widgets.codec_picker import SetCodec, choose_codecs, set_codecs
from dashboard.widgets.comparison_viewer import ViewerLayer, comparison_viewer
from dashboard.widgets.deferred import draw_when_reached
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.pinned_viewer import pinned_viewer
from dashboard.widgets.reconstruction_cards import (
    plain,
    scale_line,
    show_original,
    show_reconstruction,
    show_table,
)
from dashboard.widgets.reconstruction_table import comparison_table, reached_words, readouts

TITLE = "Compare"
ICON = ":material/compare:"
GROUP = "Try it"
ORDER = 4

INTRODUCTION = (
    "Every image on this page was decoded from the file whose size is shown beside it. Bytes are "
    "those of the **whole file**, headers included."
)
COUNTED = {"file": "Whole file", "payload": "Also without header"}
COUNTED_HELP = (
    "The rate is always that of the whole file. For a small image the container (headers, tables, "
    "boxes) can be most of it; **Also without header** adds the rate without the container. The "
    "size of the container is measured on a grey image of 16x16 pixels."
)
MAPS_HELP = (
    "Adds a layer per codec to the viewer: white where the structure equals that of the original, "
    "darker where it differs. For images of up to {most:g} megapixels."
)
SLOW_HELP = "These metrics take many seconds per codec on an image of this size."
MEASURED_BEFOREHAND = (
    "What this page shows at first was encoded, decoded and timed beforehand ({machine}); any "
    "other image or setting is computed here when you choose it."
)
#: Usual height in pixels of two rows of cards.
CARDS_HEIGHT = 1050
#: Widths of the viewer and of the column with the settings.
_COLUMNS = (3.1, 1)


def main() -> None:
    """The page."""
    selection = choose_selection(TITLE)
    left, right = st.columns(_COLUMNS, gap="medium")
    store = open_store()
    with right:
        progress = st.empty()
        image = choose_image(selection) if selection else None
        names = choose_codecs(unready_codecs(store))
        wanted_target = choose_target(names)
        searched = (
            []
            if wanted_target.is_as_set
            else [name for name in names if name != wanted_target.reference]
        )
        cards = set_codecs(names, store=store, searched=searched)
    if image is None or selection is None:
        return
    with left:
        if not cards and not selection.versions:
            st.info("Choose at least one codec to compare.", icon=":material/info:")
            return
        found = compare(selection, image, cards, wanted_target, progress=progress)
    with st.container():
        show_further(selection, image, cards, wanted_target, found=found)
    lanes()  # the processes start while the visitor looks at what was computed beforehand


def choose_image(selection: Selection) -> ChosenImage:
    """What is compared: files are weighed whole, so their original is whole too."""
    return selection.shown if selection.versions else choose_part(selection.shown)


def compare(
    selection: Selection,
    image: ChosenImage,
    cards: Sequence[SetCodec],
    wanted_target: TargetSelection,
    *,
    progress: DeltaGenerator,
) -> list[Reconstruction]:
    """Viewer, numbers and what the image is, as soon as the codecs are done; what they made."""
    viewer, options = st.container(), st.container()
    with options, st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        has_maps, slow = choose_maps(image), choose_slow_metrics(image)
        containers = choose_containers(configs := [card.config for card in cards])
    # The previous run's viewer stays until the new one is ready, except for another image.
    is_new = st.session_state.get("viewed") != image.digest
    container = viewer.empty() if is_new else viewer
    show_original_once = functools.cache(functools.partial(show_original_alone, container, image))

    def show(tasks: Sequence[Task]) -> None:
        if is_new:
            show_original_once()
        progress.progress(sum(task.is_done for task in tasks) / len(tasks), queue_line(tasks))

    found = bring_to_goal(image, configs, wanted_target, slow=slow, show=show)
    versions = weigh_versions(image, selection.versions, slow=slow, show=show)
    progress.empty()
    show_found(cards, found, wanted_target)
    everything = [*versions, *found]
    frame = comparison_table(everything, upload_bytes=image.upload_bytes, containers=containers)
    layers = [original_layer(image), *decoded_layers(everything, readouts(frame))]
    layers += map_layers(image, everything) if has_maps else []
    with container.container():
        show_viewer(layers, is_upload=bool(image.name))
    st.session_state["viewed"] = image.digest
    if everything:
        show_numbers(frame, everything, equal="" if versions else wanted_target.mode)
    describe_image(image)
    if any(get_codec(card.config.codec).kind == "learned" for card in cards):
        warn_of_oddities(image)
    return everything


def show_original_alone(container: DeltaGenerator, image: ChosenImage) -> None:
    """The viewer with the original, while the codecs work."""
    st.session_state.pop("viewed", None)
    with container.container():
        layers = [original_layer(image)]
        comparison_viewer(layers, key="viewer-first", memory="compare", is_preview=True)


def show_numbers(frame: pd.DataFrame, found: Sequence[Reconstruction], *, equal: str) -> None:
    """The table, and which machine its times are of, where it was not this one.

    Args:
        frame: Rows of `comparison_table`.
        found: The reconstructions of the rows.
        equal: Mode of the comparison; empty where a person's own files are compared as they are.
    """
    show_table(frame, equal=equal)
    download_csv(frame, file_name="bottleneck-comparison.csv", key="csv-comparison")
    for machine in sorted({one.measured_on for one in found if one.measured_on}):
        st.caption(MEASURED_BEFOREHAND.format(machine=machine))


def show_further(
    selection: Selection,
    image: ChosenImage,
    cards: Sequence[SetCodec],
    wanted_target: TargetSelection,
    *,
    found: Sequence[Reconstruction],
) -> None:
    """Below the first screen: every image by itself, the mean over several, the curve."""
    st.caption(INTRODUCTION)
    draw_when_reached(
        functools.partial(show_cards, image, found, wanted_target),
        key="cards",
        title="Images and files",
        height=CARDS_HEIGHT,
    )
    configs = [card.config for card in cards]
    if len(selection.images) > 1 and configs:
        show_mean(selection.images, configs, wanted_target)
    if configs:
        show_curve(image, configs)


def show_cards(
    image: ChosenImage, found: Sequence[Reconstruction], wanted_target: TargetSelection
) -> None:
    """The original and each reconstruction, with its files."""
    st.subheader("Images and files")
    cells = grid(1 + len(found), columns=3)
    with cells[0]:
        show_original(image.pixels, title=image.source)
    for container, one in zip(cells[1:], found, strict=True):
        with container:
            show_reconstruction(one, quantity=wanted_target.mode)
    st.caption(scale_line(image.pixels))


def show_found(
    cards: Sequence[SetCodec], found: Sequence[Reconstruction], wanted_target: TargetSelection
) -> None:
    """Shows the result of the search on the card of each searched codec."""
    for card, one in zip(cards, found, strict=True):
        if card.found is not None:
            _say_found(card.found, one, wanted_target.mode)


def _say_found(container: DeltaGenerator, one: Reconstruction, quantity: str) -> None:
    if one.problem is not None:
        container.caption(f":material/block: {plain(one.problem)}")
    else:
        size = f"{one.record.bytes:,} bytes" if quantity == BYTES else reached_words(one, quantity)
        container.caption(f"Found: **{one.record.setting}**, {size}")


@st.fragment
def show_viewer(layers: Sequence[ViewerLayer], *, is_upload: bool) -> None:
    """The comparison viewer, which runs alone when a view is pinned."""
    pinned_viewer(layers, key="viewer", memory="compare", is_upload=is_upload)


def choose_containers(configs: Sequence[CodecConfig]) -> dict[str, int] | None:
    """Bytes of each codec's container, if the payload is to be shown."""
    counted = st.segmented_control(
        "Count",
        list(COUNTED),
        default="file",
        format_func=COUNTED.__getitem__,
        required=True,
        key="count",
        bind="query-params",
        help=COUNTED_HELP,
        label_visibility="collapsed",
    )
    if counted == "file":
        return None
    return {config.codec: bytes_of_container(config) for config in configs}


def choose_maps(image: ChosenImage) -> bool:
    """Whether the viewer has the map of each codec's structural similarity."""
    is_small = image.pixel_count <= MAX_PIXELS_FOR_SLOW_METRICS
    is_possible = is_small and min(image.pixels.shape[:2]) >= WINDOW
    wanted = st.toggle(
        "SSIM maps",
        key="maps",
        bind="query-params",
        disabled=not is_possible,
        help=MAPS_HELP.format(most=MAX_PIXELS_FOR_SLOW_METRICS / 1e6),
    )
    return wanted and is_possible


def choose_slow_metrics(image: ChosenImage) -> bool:
    """Whether to measure the slow metrics; only on request for a large image."""
    if image.pixel_count <= MAX_PIXELS_FOR_SLOW_METRICS:
        return True
    labels = [metric.LABEL for metric in metrics().values() if metric.ON_SUBSET_ONLY]
    return st.toggle(
        f"Measure {' and '.join(labels)} too", key="slow", bind="query-params", help=SLOW_HELP
    )


main()
