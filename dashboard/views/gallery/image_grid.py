"""Grid of small images, shown without resampling; a click returns the image's id."""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from core.images import Image
from dashboard.data.png import png_of

_ASSETS = Path(__file__).parent / "grid_assets"


class TileImage(NamedTuple):
    """One image of a tile.

    Attributes:
        name: Caption, such as `JPEG` or `Original`.
        pixels: The image.
        color: CSS colour of its mark.
    """

    name: str
    pixels: Image
    color: str


@dataclass(frozen=True)
class GridTile:
    """A tile of one or more images, opened together by a click.

    Attributes:
        id: Value that a click returns.
        title: First line below the images.
        images: At least one.
        figures: Further lines.
    """

    id: str
    title: str
    images: Sequence[TileImage]
    figures: Sequence[str]


def image_grid(tiles: Sequence[GridTile], *, key: str) -> str | None:
    """Shows the tiles; returns the id of a tile in the run after it was clicked, else None.

    Args:
        tiles: The tiles in their order.
        key: Identity of this grid on the page.
    """
    result = _component()(key=key, data=pack_tiles(tiles), on_pick_change=_do_nothing)
    known = {tile.id for tile in tiles}
    return result.pick if result.pick in known else None


def pack_tiles(tiles: Sequence[GridTile]) -> bytes:
    """All data of the grid in one blob: u32 header length | JSON header | PNG files."""
    header, files = [], []
    for tile in tiles:
        own = [png_of(image.pixels) for image in tile.images]
        images = [
            {
                "name": image.name,
                "color": image.color,
                "width": image.pixels.shape[1],
                "height": image.pixels.shape[0],
                "bytes": len(file),
            }
            for image, file in zip(tile.images, own, strict=True)
        ]
        figures = list(tile.figures)
        header.append({"id": tile.id, "title": tile.title, "figures": figures, "images": images})
        files += own
    text = json.dumps(header, ensure_ascii=False).encode("utf-8")
    return b"".join([len(text).to_bytes(4, "little"), text, *files])


@functools.cache
def _component() -> Any:
    return st.components.v2.component(
        "image_grid",
        css=(_ASSETS / "image_grid.css").read_text(encoding="utf-8"),
        js=(_ASSETS / "image_grid.js").read_text(encoding="utf-8"),
    )


def _do_nothing() -> None:
    """Streamlit reports a trigger only if it has a callback."""
