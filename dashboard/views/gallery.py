"""Pictures from the worst to the best, by codec and by the gap between two codecs."""

from collections.abc import Iterable
from math import ceil

import pandas as pd
import streamlit as st

from core.evaluation import Results
from core.metrics import metrics
from core.store import ArtifactError
from dashboard.cache import load_results
from dashboard.charts.captions import source_line
from dashboard.charts.picture_ranking import RATE, Point, ranked, ranked_by_gap
from dashboard.compare_table import spelled_cell
from dashboard.curve_cache import label_of
from dashboard.gallery_pictures import (
    BuiltInPictures,
    DatasetPictures,
    GalleryPictures,
    load_dataset_pictures,
)
from dashboard.gallery_tiles import make_tiles
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.gallery_controls import (
    GalleryWish,
    choose_class,
    choose_wish,
    quantity_label,
)
from dashboard.widgets.gallery_viewer import PARAMETER, show_opened
from dashboard.widgets.picture_grid import picture_grid
from dashboard.widgets.reconstruction_cards import plain
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Gallery"
ICON = ":material/photo_library:"
ORDER = 4

INTRODUCTION = (
    "Where a codec does worst, where it does best, and where two codecs differ most. Every tile is "
    "the picture as it comes back from the file; click one to look into it."
)
NO_PICTURES = (
    "The test pictures are not on this machine. Below stand the built-in sample pictures, brought "
    "to 160x160 as the data set is and measured just now; Compare opens them at their own size. "
    "For the test pictures, prepare the data set:"
)
NO_RESULTS = (
    "Nothing was measured on the test pictures yet. Below stand the built-in sample pictures, "
    "brought to 160x160 as the data set is and measured just now. For the test pictures, run:"
)
SUBSET_LINE = "{label} was measured on {count:,} of {total:,} pictures."
DIFFERS_LINE = (
    "{count} of these pictures came back with another PSNR than the recorded one: the codec's "
    "library here is of another version than the one that was measured."
)
TILES = {"decoded": "Decoded", "both": "With the original", "detail": "Middle, 4 times"}
TILES_HELP = (
    "What came back from the file; the original beside it; or the middle quarter of both, each "
    "pixel a square of 4 x 4. **detail** and **colour** below a tile say how much of the mean "
    "Laplacian and of the colourfulness was lost; more detail than before is what the codec added."
)
PICTURES_ON_A_PAGE = 15


def main() -> None:
    """The page."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    results = load_results()
    show_problems(results.problems)
    pictures = find_pictures()
    wish = choose_wish(pictures.points, measured_metrics(pictures))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        names = sorted(set(pictures.classes.values()))
        chosen = choose_class(names) if names else None
        look = choose_tiles()
    table = ordered(pictures, wish, chosen)
    if table.empty:
        st.info(empty_line(wish), icon=":material/info:")
        return
    st.caption(basis_line(wish, table, len(pictures.classes)))
    show_page(pictures, wish, table, look=look)
    download_csv(table, file_name=csv_name(wish), key="csv-gallery")
    show_source(pictures, results)


def find_pictures() -> GalleryPictures:
    """Test pictures with results, else the samples, with the reason and the command."""
    try:
        found = load_dataset_pictures()
    except ArtifactError as error:
        show_empty("No test pictures", why=NO_PICTURES, command=error.command)
        return BuiltInPictures()
    if found.frame.empty:
        command = "python -m pipelines.evaluate"
        show_empty("No results yet", why=NO_RESULTS, command=command)
        return BuiltInPictures()
    return found


def measured_metrics(pictures: GalleryPictures) -> list[str]:
    """Metrics that have values."""
    if not isinstance(pictures, DatasetPictures):
        return list(metrics())
    frame = pictures.frame
    return [name for name in metrics() if name in frame and frame[name].notna().any()]


def choose_tiles() -> str:
    """What a tile shows: one of `TILES`."""
    return st.segmented_control(
        "Tiles",
        list(TILES),
        default="decoded",
        format_func=TILES.get,
        required=True,
        key="tiles",
        bind="query-params",
        help=TILES_HELP,
        wrap=True,
    )


def ordered(pictures: GalleryPictures, wish: GalleryWish, class_name: str | None) -> pd.DataFrame:
    """All pictures in the order that was asked for."""
    frame = pictures.records(wish.points)
    if wish.second is None:
        table = ranked(frame, wish.first, wish.quantity, worst_first=wish.order == "worst")
    else:
        behind = wish.order == "behind"
        table = ranked_by_gap(frame, wish.first, wish.second, wish.quantity, behind_first=behind)
    if pictures.classes:
        table.insert(1, "class", table["image"].map(pictures.classes))
        if class_name is not None:
            table = table[table["class"] == class_name].reset_index(drop=True)
    return table


def empty_line(wish: GalleryWish) -> str:
    """Why no picture is shown."""
    names = " and ".join(point_label(point) for point in wish.points)
    return (
        f"No picture has a {quantity_label(wish.quantity)} for {names}. A lossless codec has no "
        "PSNR, for its error is zero; choose another figure or codec."
    )


def basis_line(wish: GalleryWish, table: pd.DataFrame, total: int) -> str:
    """What is shown, over how many pictures, with their mean."""
    label = quantity_label(wish.quantity)
    clauses = [f"{len(table):,} pictures", f"{point_label(wish.first)}"]
    mean = spelled_cell(wish.quantity, float(table[wish.quantity].mean()))
    clauses.append(f"mean {label} {mean} at {table[RATE].mean():.3f} bits per pixel")
    if wish.second is not None:
        other = spelled_cell(wish.quantity, float(table[f"second_{wish.quantity}"].mean()))
        rate = table[f"second_{RATE}"].mean()
        clauses.append(f"{point_label(wish.second)}: mean {other} at {rate:.3f} bits per pixel")
    metric = metrics().get(wish.quantity)
    if metric is not None and metric.ON_SUBSET_ONLY and total:
        clauses.append(SUBSET_LINE.format(label=label, count=len(table), total=total))
    return " · ".join(clauses)


def show_page(
    pictures: GalleryPictures, wish: GalleryWish, table: pd.DataFrame, *, look: str
) -> None:
    """One page of tiles, and the picture that was clicked."""
    count = ceil(len(table) / PICTURES_ON_A_PAGE)
    place = st.container()
    page = min(st.pagination(count, key="page", bind="query-params"), count) if count > 1 else 1
    rows = table.iloc[(page - 1) * PICTURES_ON_A_PAGE : page * PICTURES_ON_A_PAGE]
    with place, st.spinner("Coding the pictures …", show_time=True):
        made = make_tiles(
            pictures, wish, rows, with_original=look != "decoded", is_magnified=look == "detail"
        )
    with place:
        for problem in sorted(made.problems):
            st.warning(plain(problem), icon=":material/block:")
        picked = picture_grid(made.tiles, key="tiles-grid")
        if made.differing:
            st.caption(DIFFERS_LINE.format(count=made.differing))
    if picked is not None:
        st.query_params[PARAMETER] = picked
    show_opened(pictures, table["image"].tolist(), wish.points)


def point_label(point: Point) -> str:
    """What a person reads for an operating point."""
    return f"{label_of(point.family)} {point.setting}"


def csv_name(wish: GalleryWish) -> str:
    """Name of the file with the numbers."""
    parts: Iterable[str] = ["gallery", *(point.family for point in wish.points), wish.quantity]
    return f"{'-'.join(parts)}.csv"


def show_source(pictures: GalleryPictures, results: Results) -> None:
    """Where the figures come from."""
    if isinstance(pictures, DatasetPictures):
        st.caption(source_line(results.manifests, pictures=len(pictures.classes)))


main()
