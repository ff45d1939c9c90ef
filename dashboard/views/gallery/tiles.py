"""Tiles of the gallery: reconstructions with their metrics and losses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from core.analysis.labels import label_of
from core.dataset.traits import colourfulness, detail
from core.evaluation.evaluate import in_one_line
from core.images import Image
from core.intake.errors import ImageError
from core.metrics import psnr_db
from core.store import ArtifactError
from dashboard.charts.colors import codec_style
from dashboard.charts.image_ranking import RATE, MeasuredPoint
from dashboard.data.crops import middle_of
from dashboard.views.gallery.controls import GallerySelection, quantity_label
from dashboard.views.gallery.image_grid import GridTile, TileImage
from dashboard.views.gallery.images import GalleryImages
from dashboard.widgets.reconstruction_cards import NEUTRAL
from dashboard.widgets.reconstruction_table import spelled_cell

#: PSNR that rounding of the recorded figure can account for.
MAX_ROUNDING_DB = 0.01
#: Largest width and height of an image in a tile.
MAX_TILE_SIDE = 240
#: Size of the central crop that is magnified: a quarter of each side.
_MAGNIFICATION = 4
#: Below these values a relative change is not meaningful.
_LEAST_DETAIL, _LEAST_COLOUR = 1.0, 5.0


@dataclass
class Tiles:
    """One page of tiles.

    Attributes:
        tiles: The tiles in their order.
        problems: Sentences on codecs that cannot run here.
        differing: Number of images whose reconstruction differs from the measured one.
        cropped: Number of images that are too large for a tile, which shows their centre.
    """

    tiles: list[GridTile] = field(default_factory=list)
    problems: set[str] = field(default_factory=set)
    differing: int = 0
    cropped: int = 0


def make_tiles(
    images: GalleryImages,
    selection: GallerySelection,
    rows: pd.DataFrame,
    *,
    with_original: bool,
    is_magnified: bool,
) -> Tiles:
    """Tiles of some rows.

    Args:
        images: Where the pixels come from.
        selection: Operating points and figure that are shown.
        rows: Rows of `ranked` or `ranked_by_gap`.
        with_original: Whether the original stands first in each tile.
        is_magnified: Whether a magnified central crop is shown instead of the image.
    """
    made = Tiles()
    records = [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
    for row in records:
        try:
            original = images.pixels(row["image"])
        except (ImageError, OSError) as error:
            made.problems.add(f"{row['image']} cannot be shown: {in_one_line(error)}")
            continue
        made.cropped += is_cropped(original)
        decoded = _decoded(images, original, selection, row, made)
        shown = _named_images(original, decoded, selection, with_original=with_original)
        shown = [one._replace(pixels=tile_part(one.pixels)) for one in shown]
        if is_magnified:
            shown = [one._replace(pixels=magnified(one.pixels)) for one in shown]
        figures = tile_figures(row, selection)
        if selection.second is None and decoded:
            figures += lost_words(original, next(iter(decoded.values())))
        made.tiles.append(GridTile(row["image"], row.get("class") or row["image"], shown, figures))
    return made


def _named_images(
    original: Image,
    decoded: Mapping[MeasuredPoint, Image],
    selection: GallerySelection,
    *,
    with_original: bool,
) -> list[TileImage]:
    """The images of a tile; the original where it is asked for or nothing could be decoded."""
    shown = [
        TileImage(name_of(point, selection), pixels, codec_style(point.codec).color)
        for point, pixels in decoded.items()
    ]
    if with_original or not shown:
        shown.insert(0, TileImage("Original", original, NEUTRAL))
    return shown


def name_of(point: MeasuredPoint, selection: GallerySelection) -> str:
    """Name of an image of a tile: the codec, and the setting where both are of one codec."""
    label = label_of(point.codec)
    is_alone = selection.second is None or selection.first.codec != selection.second.codec
    return label if is_alone else f"{label} {point.setting}"


def tile_figures(row: Mapping[str, Any], selection: GallerySelection) -> list[str]:
    """Lines below a tile: the quantity that the images are sorted by, and the bytes."""
    quantity, label = selection.quantity, quantity_label(selection.quantity)
    first = spelled_cell(quantity, row[quantity])
    if selection.second is None:
        rate = f"{spelled_cell('bytes', row['bytes'])} bytes, {spelled_cell(RATE, row[RATE])} bpp"
        return [rate] if quantity == RATE else [f"{label} {first}", rate]
    second = spelled_cell(quantity, row[f"second_{quantity}"])
    sizes = [spelled_cell("bytes", row[name]) for name in ("bytes", "second_bytes")]
    return [
        f"{label} {first} and {second}",
        f"gap {row['gap']:+.3g}",
        f"{' and '.join(size or 'no' for size in sizes)} bytes",
    ]


def lost_words(original: Image, decoded: Image) -> list[str]:
    """Change in detail and colourfulness in percent, in one line; empty without any.

    Detail is the mean Laplacian and colour the colourfulness of `core.dataset.traits`. More
    detail than in the original is artefacts: block edges, ringing, noise.
    """
    shares = [
        f"{name} {100 * (measure(decoded) / before - 1):+.0f} %"
        for name, measure, least in (
            ("detail", detail, _LEAST_DETAIL),
            ("colour", colourfulness, _LEAST_COLOUR),
        )
        if (before := measure(original)) >= least
    ]
    return [", ".join(shares)] if shares else []


def is_cropped(image: Image) -> bool:
    """Whether an image is too large for a tile."""
    return bool(max(image.shape[:2]) > MAX_TILE_SIDE)


def tile_part(image: Image) -> Image:
    """Centre of an image, at most `MAX_TILE_SIDE` wide and high, at its own resolution."""
    return middle_of(image, MAX_TILE_SIDE)


def magnified(image: Image) -> Image:
    """Central crop enlarged by pixel replication to the size of the image."""
    height, width = (max(1, side // _MAGNIFICATION) for side in image.shape[:2])
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    part = image[top : top + height, left : left + width]
    return np.repeat(np.repeat(part, _MAGNIFICATION, axis=0), _MAGNIFICATION, axis=1)


def differs(original: Image, decoded: Image, recorded_db: float | None) -> bool:
    """Whether a reconstruction's PSNR differs from the recorded one."""
    if recorded_db is None or pd.isna(recorded_db):
        return False
    return abs(psnr_db.measure(original, decoded) - recorded_db) > MAX_ROUNDING_DB


def _decoded(
    images: GalleryImages,
    original: Image,
    selection: GallerySelection,
    row: Mapping[str, Any],
    made: Tiles,
) -> dict[MeasuredPoint, Image]:
    """Reconstructions by operating point; errors are added to the tiles' problems."""
    found: dict[MeasuredPoint, Image] = {}
    for point, column in zip(selection.points, ("psnr_db", "second_psnr_db"), strict=False):
        try:
            found[point] = images.decoded(row["image"], point)
        except (ArtifactError, ValueError) as error:
            made.problems.add(f"{label_of(point.codec)} cannot be shown: {error}")
            continue
        made.differing += differs(original, found[point], row[column])
    return found
