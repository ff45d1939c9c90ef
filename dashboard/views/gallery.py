"""Pictures from the worst to the best, by codec and by the gap between two codecs."""

from collections.abc import Iterable
from math import ceil

import pandas as pd
import streamlit as st

from core.evaluation import Results
from core.images import Image
from core.metrics import metrics, psnr_db
from core.store import ArtifactError
from dashboard.cache import load_results
from dashboard.charts.captions import source_line
from dashboard.charts.colors import family_style
from dashboard.charts.picture_ranking import RATE, Point, ranked, ranked_by_gap
from dashboard.compare_table import spelled_cell
from dashboard.curve_cache import label_of
from dashboard.decoded_cache import decoded_picture
from dashboard.gallery_pictures import (
    BuiltInPictures,
    DatasetPictures,
    GalleryPictures,
    load_dataset_pictures,
)
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.gallery_controls import (
    GalleryWish,
    choose_class,
    choose_wish,
    quantity_label,
)
from dashboard.widgets.gallery_viewer import PARAMETER, show_opened
from dashboard.widgets.picture_grid import Tile, TilePicture, picture_grid
from dashboard.widgets.reconstruction_cards import NEUTRAL, plain
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
TILES = {"decoded": "Decoded", "both": "With the original"}
PICTURES_ON_A_PAGE = 15
#: PSNR that rounding of the recorded figure can account for.
MOST_ROUNDING_DB = 0.01


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
        show_original = choose_tiles()
    table = ordered(pictures, wish, chosen)
    if table.empty:
        st.info(empty_line(wish), icon=":material/info:")
        return
    st.caption(basis_line(wish, table, len(pictures.classes)))
    show_page(pictures, wish, table, with_original=show_original)
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


def choose_tiles() -> bool:
    """Whether the original stands beside what came back."""
    return (
        st.segmented_control(
            "Tiles",
            list(TILES),
            default="decoded",
            format_func=TILES.get,
            required=True,
            key="tiles",
            bind="query-params",
        )
        == "both"
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
    pictures: GalleryPictures, wish: GalleryWish, table: pd.DataFrame, *, with_original: bool
) -> None:
    """One page of tiles, and the picture that was clicked."""
    count = ceil(len(table) / PICTURES_ON_A_PAGE)
    place = st.container()
    page = min(st.pagination(count, key="page", bind="query-params"), count) if count > 1 else 1
    rows = table.iloc[(page - 1) * PICTURES_ON_A_PAGE : page * PICTURES_ON_A_PAGE]
    with place, st.spinner("Coding the pictures …", show_time=True):
        tiles, problems, differing = make_tiles(pictures, wish, rows, with_original=with_original)
    with place:
        for problem in problems:
            st.warning(plain(problem), icon=":material/block:")
        picked = picture_grid(tiles, key="tiles-grid")
        if differing:
            st.caption(DIFFERS_LINE.format(count=differing))
    if picked is not None:
        st.query_params[PARAMETER] = picked
    show_opened(pictures, table["image"].tolist(), wish.points)


def make_tiles(
    pictures: GalleryPictures, wish: GalleryWish, rows: pd.DataFrame, *, with_original: bool
) -> tuple[list[Tile], list[str], int]:
    """Tiles of some rows, what could not be shown, and how many differ from their record."""
    tiles: list[Tile] = []
    problems: dict[str, None] = {}
    differing = 0
    for row in rows.to_dict("records"):
        original = pictures.picture(row["image"])
        shown = []
        for point, column in zip(wish.points, ("psnr_db", "second_psnr_db"), strict=False):
            try:
                decoded = decoded_picture(original, point)
            except (ArtifactError, ValueError) as error:
                problems[f"{label_of(point.family)} cannot be shown: {error}"] = None
                continue
            differing += differs(original, decoded, row[column])
            style = family_style(point.family)
            shown.append(TilePicture(label_of(point.family), decoded, style.color))
        if with_original or not shown:
            shown.insert(0, TilePicture("Original", original, NEUTRAL))
        title = row.get("class") or row["image"]
        tiles.append(Tile(row["image"], title, shown, tile_figures(row, wish)))
    return tiles, list(problems), differing


def differs(original: Image, decoded: Image, recorded_db: float | None) -> bool:
    """Whether the picture came back otherwise than when it was measured."""
    if recorded_db is None or pd.isna(recorded_db):
        return False
    return abs(psnr_db.measure(original, decoded) - recorded_db) > MOST_ROUNDING_DB


def tile_figures(row: dict[str, object], wish: GalleryWish) -> list[str]:
    """Lines below a tile."""
    quantity = wish.quantity
    label = quantity_label(quantity)
    rate = f"{spelled_cell('bytes', row['bytes'])} bytes, {spelled_cell(RATE, row[RATE])} bpp"
    first = spelled_cell(quantity, row[quantity])
    if wish.second is None:
        return [rate] if quantity == RATE else [f"{label} {first}", rate]
    second = spelled_cell(quantity, row[f"second_{quantity}"])
    gap = float(row["gap"])  # type: ignore[arg-type]
    return [
        f"{label} {first} and {second}",
        f"gap {gap:+.3g}",
        f"{row['bytes']:,.0f} and {row['second_bytes']:,.0f} bytes",
    ]


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
