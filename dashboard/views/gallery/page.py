"""Page Gallery: images sorted by a metric, or by the difference between two codecs."""

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

import pandas as pd
import streamlit as st

from core.analysis.stored_bd_rates import bd_rates_key
from core.evaluation.results import Results
from core.metrics import metrics
from core.plain_english import counted
from core.store import ArtifactError
from core.store.key import command_for
from dashboard.charts.captions import source_line
from dashboard.charts.image_ranking import ranked, ranked_by_gap
from dashboard.data.store import load_results, open_store
from dashboard.views.gallery.basis import basis_line, empty_line
from dashboard.views.gallery.controls import (
    GallerySelection,
    choose_class,
    choose_selection,
)
from dashboard.views.gallery.dataset_images import DatasetImages, load_dataset_images
from dashboard.views.gallery.image_grid import image_grid
from dashboard.views.gallery.images import BuiltInImages, GalleryImages
from dashboard.views.gallery.tiles import MAX_TILE_SIDE, make_tiles
from dashboard.views.gallery.viewer import PARAMETER, show_opened
from dashboard.widgets.datasets import choose_dataset
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.reconstruction_cards import plain
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Gallery"
ICON = ":material/photo_library:"
GROUP = "Try it"
ORDER = 5

INTRODUCTION = (
    "Images on which a codec performs worst or best, and on which two codecs differ most. Every "
    "tile shows the image decoded from the file; click one to enlarge it."
)
NO_IMAGES = (
    "The images of this data set are not on this machine; the photographs above ship with the "
    "installed libraries and have just been measured. To have the images:"
)
NO_RESULTS = (
    "Nothing has been measured on the images of this data set yet; the photographs above ship with "
    "the installed libraries and have just been measured. For its images, run:"
)
SOURCES = {
    "test": "Test images",
    "photographs": "Photographs at 160x160",
    "pieces": "Pieces at their own size",
}
SOURCES_HELP = (
    "**Photographs**: those that ship with the installed libraries, resized to 160x160 like the "
    "test images. **Pieces**: crops of 160x160 pixels from the same photographs, not resized. Both "
    "are measured when they are shown."
)
UNKNOWN_IMAGE = "The link names an image that is not among these."
DIFFERS_LINE = (
    "{images} here with another PSNR than the recorded one: the codec's library on this machine "
    "has another version than the one that was measured."
)
TILES = {"decoded": "Decoded", "both": "With the original", "detail": "Centre, 4x"}
TILES_HELP = (
    "The decoded image; the original beside it; or the centre of both, magnified 4x. **detail** "
    "and **colour** below a tile are the changes in mean Laplacian and in colourfulness; an "
    "increase in detail means artefacts of the codec."
)
IMAGES_ON_A_PAGE = 15
CROPPED_LINE = (
    f"Of images larger than {MAX_TILE_SIDE}x{MAX_TILE_SIDE} pixels a tile shows the centre, not "
    "scaled; click it for the whole image."
)
#: Images above this mean size take long to code: a page shows fewer.
LARGE_PIXELS = 100_000
LARGE_IMAGES_ON_A_PAGE = 6


def main() -> None:
    """The page."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    dataset = choose_dataset()
    results = load_results(dataset)
    show_problems(results.problems)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        controls = st.container(horizontal=True, gap="small")
        with st.popover("Images, class, tiles"):
            images, absence = find_images(dataset)
            names = sorted(set(images.classes.values()))
            chosen = choose_class(names) if names else None
            look = choose_tiles()
        with controls:
            selection = choose_selection(images.points, measured_metrics(images))
    everything = ordered(images, selection)
    table = everything if chosen is None else of_class(everything, chosen)
    if table.empty:
        st.info(empty_line(selection), icon=":material/info:")
        return
    st.caption(basis_line(selection, table, count=len(everything), total=images.measured or 0))
    show_page(images, selection, table, look=look)
    download_csv(table, file_name=csv_name(selection), key="csv-gallery")
    show_source(images, results)
    if absence is not None:
        show_empty(absence.title, why=absence.why, command=absence.command)


class Absence(NamedTuple):
    """Reason why there are no test images, shown at the end of the page."""

    title: str
    why: str
    command: str


def find_images(dataset: str) -> tuple[GalleryImages, Absence | None]:
    """The images that a person chose, and why test images are not among the choices.

    Args:
        dataset: Data set that was chosen.
    """
    found, absence = find_test_images(dataset)
    names = [name for name in SOURCES if name != "test" or found is not None]
    chosen = st.segmented_control(
        "Images",
        names,
        default=names[0],
        format_func=SOURCES.__getitem__,
        required=True,
        key="images",
        bind="query-params",
        help=SOURCES_HELP,
        wrap=True,
    )
    if found is not None and chosen == "test":
        return found, None
    return BuiltInImages(are_pieces=chosen == "pieces"), absence


def find_test_images(dataset: str) -> tuple[DatasetImages | None, Absence | None]:
    """The test images with results, or why there are none and the command that makes them."""
    try:
        found = load_dataset_images(dataset)
    except ArtifactError as error:
        return None, Absence("No test images", NO_IMAGES, error.command)
    if found.frame.empty:
        command = command_for(bd_rates_key(dataset), open_store().root)
        return None, Absence("No results yet", NO_RESULTS, command)
    return found, None


def measured_metrics(images: GalleryImages) -> list[str]:
    """Metrics that have values."""
    if not isinstance(images, DatasetImages):
        return list(metrics())
    frame = images.frame
    return [name for name in metrics() if name in frame and frame[name].notna().any()]


def choose_tiles() -> str:
    """Content of the tiles: one of `TILES`."""
    return st.segmented_control(
        "Tiles",
        list(TILES),
        default="decoded",
        format_func=TILES.__getitem__,
        required=True,
        key="tiles",
        bind="query-params",
        help=TILES_HELP,
        wrap=True,
    )


def ordered(images: GalleryImages, selection: GallerySelection) -> pd.DataFrame:
    """All images in the selected order."""
    frame = images.records(selection.points)
    if selection.second is None:
        table = ranked(
            frame, selection.first, selection.quantity, worst_first=selection.order == "worst"
        )
    else:
        behind = selection.order == "behind"
        table = ranked_by_gap(
            frame, selection.first, selection.second, selection.quantity, behind_first=behind
        )
    if images.classes:
        table.insert(1, "class", table["image"].map(images.classes))
    return table


def of_class(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The images of one class."""
    return table[table["class"] == name].reset_index(drop=True)


def show_page(
    images: GalleryImages, selection: GallerySelection, table: pd.DataFrame, *, look: str
) -> None:
    """One page of tiles, and the image that was clicked."""
    size = images_on_a_page(images.records(selection.points))
    count = ceil(len(table) / size)
    container = st.container()
    start_anew_with_another(table["image"].tolist())
    page = st.pagination(count, key="page", bind="query-params") if count > 1 else 1
    rows = table.iloc[(page - 1) * size : page * size]
    with container, st.spinner("Coding the images …", show_time=True):
        made = make_tiles(
            images, selection, rows, with_original=look != "decoded", is_magnified=look == "detail"
        )
    with container:
        for problem in sorted(made.problems):
            st.warning(plain(problem), icon=":material/block:")
        picked = image_grid(made.tiles, key="tiles-grid")
        if made.differing:
            st.caption(DIFFERS_LINE.format(images=counted(made.differing, "image")))
        if made.cropped:
            st.caption(CROPPED_LINE)
    if picked is not None:
        st.query_params[PARAMETER] = picked
    order = table["image"].tolist()
    if st.query_params.get(PARAMETER, order[0]) not in order:
        with container:
            st.info(UNKNOWN_IMAGE, icon=":material/link_off:")
        del st.query_params[PARAMETER]
    show_opened(images, order, selection.points)


def start_anew_with_another(order: list[str]) -> None:
    """Goes back to the first page when the images or their order changed."""
    if st.session_state.get("paged", order) != order:
        st.session_state["page"] = 1
    st.session_state["paged"] = order


def images_on_a_page(frame: pd.DataFrame) -> int:
    """Number of tiles on a page, by the size of the images in some results."""
    is_large = (frame["width"] * frame["height"]).mean() > LARGE_PIXELS
    return LARGE_IMAGES_ON_A_PAGE if is_large else IMAGES_ON_A_PAGE


def csv_name(selection: GallerySelection) -> str:
    """Name of the file with the numbers."""
    parts: Iterable[str] = [
        "gallery",
        *(point.codec for point in selection.points),
        selection.quantity,
    ]
    return f"{'-'.join(parts)}.csv"


def show_source(images: GalleryImages, results: Results) -> None:
    """Shows the provenance of the measurements."""
    if isinstance(images, DatasetImages):
        st.caption(source_line(results.manifests, images=images.measured))


main()
