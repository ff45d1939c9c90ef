"""An image of one's own through any codecs: what each gives back, at how many bytes."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.codecs import get_codec
from core.evaluation.comparison import Choice, Goal, Reconstruction, goal_like, unready_codecs
from core.metrics import metrics
from core.metrics.ssim import WINDOW
from dashboard.charts.colors import codec_style
from dashboard.data.store import open_store
from dashboard.views.compare.goal_picker import Wish, choose_wish
from dashboard.views.compare.oddities import warn_of_oddities
from dashboard.views.compare.picker import ChosenImage, choose_image, describe_image
from dashboard.views.compare.reconstructions import (
    MOST_PIXELS_FOR_SLOW_METRICS,
    bytes_of_container,
    reconstruction,
    structure_map,
)
from dashboard.widgets.codec_picker import choose_codecs, set_codecs
from dashboard.widgets.comparison_viewer import Layer, ViewerPin, comparison_viewer
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.grid import grid
from dashboard.widgets.reconstruction_cards import (
    NEUTRAL,
    plain,
    scale_line,
    show_original,
    show_reconstruction,
    show_table,
)
from dashboard.widgets.reconstruction_table import comparison_table, readouts

TITLE = "Compare"
ICON = ":material/compare:"
GROUP = "Try it"
ORDER = 4

INTRODUCTION = (
    "Give an image, choose codecs, and see what each gives back at how many bytes. Every "
    "image below was decoded from the file that is weighed beside it. Bytes are those of the "
    "**whole file**, headers included."
)
NO_DIAL = "Left out: {names}. A lossless file has one size, so it takes part in *As set* only."
COUNTED = {"file": "Whole file", "payload": "Payload too"}
COUNTED_HELP = (
    "The rate is that of the whole file, everywhere. On a small image the container (headers, "
    "tables, boxes) can be most of it; **Payload too** adds what is left without it. The container "
    "is measured: it is the size of the codec's file for a grey image of 16x16 pixels."
)
MAPS_HELP = (
    "One layer more per codec in the viewer: white where the structure is that of the original, "
    "darker where it is not. For images of up to {most:g} megapixels."
)
SLOW_HELP = "These metrics take many seconds per codec on an image of this size."
NEEDS_SLOW = (
    "A search for equal {label} measures each codec about ten times, which takes too long on "
    "this image of {megapixels:.1f} megapixels; up to {most:g} are searched."
)


def main() -> None:
    """The page."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    image = choose_image()
    store = open_store()
    names = choose_codecs(unready_codecs(store))
    wish = choose_wish(names)
    choices = set_codecs(names, store=store, searched=[] if wish.is_as_set else others(names, wish))
    if image is None:
        return
    describe_image(image)
    warn_of_oddities(image)
    if choices:
        compare(image, choices, wish)
    else:
        st.info("Choose at least one codec to compare.", icon=":material/info:")


def others(names: Sequence[str], wish: Wish) -> list[str]:
    """Codecs whose dial a search turns."""
    return [name for name in names if name != wish.reference]


def compare(image: ChosenImage, choices: Sequence[Choice], wish: Wish) -> None:
    """Results of all codecs, each as soon as it is there."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        containers = choose_containers(choices)
        has_maps = choose_maps(image)
        slow = choose_slow_metrics(image)
    if not wish.is_as_set:
        choices = with_dial(choices)
    goal = find_goal(image, choices, wish)
    if goal is None and not wish.is_as_set:
        return
    progress, viewer, numbers = st.empty(), st.container(), st.container()
    places = grid(1 + len(choices), columns=3)
    with places[0]:
        show_original(image.pixels, title=image.source)
    found: list[Reconstruction] = []
    for place, choice in zip(places[1:], choices, strict=True):
        label = get_codec(choice.codec).label
        progress.progress(len(found) / len(choices), f"{label} …")
        own_goal = None if choice.codec == wish.reference else goal
        found.append(reconstruction(image, choice, goal=own_goal, slow_metrics=slow))
        with place:
            show_reconstruction(found[-1], quantity=wish.mode)
    progress.empty()
    frame = comparison_table(found, upload_bytes=image.upload_bytes, containers=containers)
    layers = [original_layer(image), *decoded_layers(found, frame)]
    with viewer:
        show_viewer([*layers, *(map_layers(image, found) if has_maps else [])])
    with numbers:
        show_table(frame, equal=wish.mode)
        download_csv(frame, file_name="bottleneck-comparison.csv", key="csv-comparison")
    st.caption(scale_line(image.pixels))


def original_layer(image: ChosenImage) -> Layer:
    """The image as it was given, as the viewer takes it."""
    readout = {"Bytes": f"{image.upload_bytes:,}"} if image.upload_bytes else {}
    return Layer("Original", image.pixels, readout, NEUTRAL)


def decoded_layers(found: Sequence[Reconstruction], frame: pd.DataFrame) -> list[Layer]:
    """The images that came out of the codecs; one that missed its goal is not among them."""
    return [
        Layer(f"{one.label} {one.record.setting}", one.decoded, words, color_of(one))
        for one, words in zip(found, readouts(frame), strict=True)
        if one.decoded is not None
    ]


def map_layers(image: ChosenImage, found: Sequence[Reconstruction]) -> list[Layer]:
    """Where each reconstruction differs from the original in structure."""
    return [
        Layer(f"SSIM map, {one.label}", structure_map(image, one.decoded), {}, color_of(one))
        for one in found
        if one.decoded is not None
    ]


def color_of(found: Reconstruction) -> str:
    """Colour of the codec, the same on every page."""
    return codec_style(found.record.codec).color


@st.fragment
def show_viewer(layers: Sequence[Layer]) -> None:
    """The comparison viewer; a pinned view goes into the address."""
    if len(layers) < 2:
        return
    start = ViewerPin.parse(st.query_params.get("view", ""))
    pin = comparison_viewer(layers, key="viewer", start=start)
    if pin is not None:
        st.query_params["view"] = pin.text
        st.toast("The address of this page now opens this view.", icon=":material/keep:")


def choose_containers(choices: Sequence[Choice]) -> dict[str, int] | None:
    """Bytes of each codec's container, where a person wants the payload beside the whole file."""
    counted = st.segmented_control(
        "Count",
        list(COUNTED),
        default="file",
        format_func=COUNTED.get,
        required=True,
        key="count",
        bind="query-params",
        help=COUNTED_HELP,
    )
    if counted == "file":
        return None
    return {choice.codec: bytes_of_container(choice) for choice in choices}


def choose_maps(image: ChosenImage) -> bool:
    """Whether the viewer has the map of each codec's structural similarity."""
    is_small = image.pixel_count <= MOST_PIXELS_FOR_SLOW_METRICS
    is_possible = is_small and min(image.pixels.shape[:2]) >= WINDOW
    wanted = st.toggle(
        "SSIM maps",
        key="maps",
        bind="query-params",
        disabled=not is_possible,
        help=MAPS_HELP.format(most=MOST_PIXELS_FOR_SLOW_METRICS / 1e6),
    )
    return wanted and is_possible


def choose_slow_metrics(image: ChosenImage) -> bool:
    """Whether to measure the slow metrics; only on request for a large image."""
    if image.pixel_count <= MOST_PIXELS_FOR_SLOW_METRICS:
        return True
    labels = [metric.LABEL for metric in metrics().values() if metric.ON_SUBSET_ONLY]
    return st.toggle(
        f"Measure {' and '.join(labels)} too", key="slow", bind="query-params", help=SLOW_HELP
    )


def with_dial(choices: Sequence[Choice]) -> list[Choice]:
    """Choices that a search can bring to a goal; names those that it cannot."""
    fixed = [get_codec(choice.codec).label for choice in choices if choice.dial is None]
    if fixed:
        st.caption(NO_DIAL.format(names=", ".join(fixed)))
    return [choice for choice in choices if choice.dial is not None]


def find_goal(image: ChosenImage, choices: Sequence[Choice], wish: Wish) -> Goal | None:
    """What all codecs are brought to; None where nothing can be, for a reason that is said."""
    if wish.is_as_set or not choices:
        return None
    if is_too_slow(image, wish):
        label, megapixels = metrics()[wish.mode].LABEL, image.pixel_count / 1e6
        most = MOST_PIXELS_FOR_SLOW_METRICS / 1e6
        st.info(NEEDS_SLOW.format(label=label, megapixels=megapixels, most=most))
        return None
    if wish.reference is None:
        return Goal(wish.mode, wish.target(image.pixel_count))
    reference = next(choice for choice in choices if choice.codec == wish.reference)
    slow = image.pixel_count <= MOST_PIXELS_FOR_SLOW_METRICS
    with st.spinner(f"{get_codec(wish.reference).label} …"):
        like = reconstruction(image, reference, goal=None, slow_metrics=slow)
    try:
        return goal_like(like, wish.mode)
    except ValueError as error:
        st.warning(plain(str(error)), icon=":material/block:")
        return None


def is_too_slow(image: ChosenImage, wish: Wish) -> bool:
    """Whether a search by this metric would take minutes on this image."""
    metric = metrics().get(wish.mode)
    is_large = image.pixel_count > MOST_PIXELS_FOR_SLOW_METRICS
    return metric is not None and metric.ON_SUBSET_ONLY and is_large


main()
