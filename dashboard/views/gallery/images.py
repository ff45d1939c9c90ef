"""Images of the gallery: what each source of them offers, and the built-in photographs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import pandas as pd
import streamlit as st

from core.codecs import codecs
from core.dataset.photographs import photographs, pieces
from core.evaluation.comparison import Reconstruction, unready_codecs
from core.evaluation.table import to_frame, to_table
from core.images import Image
from core.metrics import metrics
from dashboard.charts.image_ranking import MeasuredPoint
from dashboard.data.samples import stored_sample
from dashboard.data.store import open_store, store_state
from dashboard.views.gallery.decoded_cache import made_by_worker, pixels_of

#: Between the title of a photograph and the number of a piece of it.
_PIECE = ", piece "


class GalleryImages(Protocol):
    """Source of the gallery's images and their measurements."""

    @property
    def points(self) -> pd.DataFrame:
        """Operating points to choose from, as `operating_points` gives them."""

    @property
    def classes(self) -> Mapping[str, str]:
        """Class by image id; empty where the images have none."""

    @property
    def measured(self) -> int | None:
        """Number of images in the stored results; None where they are measured when shown."""

    def records(self, points: Sequence[MeasuredPoint]) -> pd.DataFrame:
        """Results that hold every image at these operating points."""

    def pixels(self, image_id: str) -> Image:
        """Pixels of an image.

        Raises:
            ImageError: It is not accepted any more.
            OSError: Its file cannot be read.
        """

    def decoded(self, image_id: str, point: MeasuredPoint) -> Image:
        """An image after encoding and decoding at an operating point.

        Raises:
            ArtifactError: The weights of a learned codec are missing or damaged.
            ImageError: The image is not accepted any more.
            OSError: Its file cannot be read.
            ValueError: There is no such codec or setting, or it does not take the image.
        """

    def compare_query(self, image_id: str) -> dict[str, str] | None:
        """Query parameters that open the page Compare on this image; None where it cannot."""


@dataclass(frozen=True)
class BuiltInImages:
    """The built-in photographs, measured when they are shown.

    Attributes:
        are_pieces: Whether they are 160x160 crops of the photographs instead of whole
            photographs resized to 160x160.
    """

    are_pieces: bool = False
    classes: Mapping[str, str] = field(default_factory=dict)
    measured: int | None = None

    @property
    def points(self) -> pd.DataFrame:
        """Operating points of all codecs that can run here, without a rate."""
        return _sweeps(store_state("models/"), len(built_in_images(are_pieces=self.are_pieces)))

    def records(self, points: Sequence[MeasuredPoint]) -> pd.DataFrame:
        """Measurements of all of them, by worker processes."""
        with st.spinner("Measuring the photographs …", show_time=True):
            made = [
                replace(self._made(image_id, point).record, image=image_id)
                for point in points
                for image_id in built_in_images(are_pieces=self.are_pieces)
            ]
        return to_frame(to_table(made))

    def pixels(self, image_id: str) -> Image:
        """Pixels of a photograph or of a piece, 160x160."""
        return built_in_images(are_pieces=self.are_pieces)[image_id]

    def decoded(self, image_id: str, point: MeasuredPoint) -> Image:
        """A photograph or piece that was decoded when it was measured."""
        return pixels_of(self._made(image_id, point))

    def _made(self, image_id: str, point: MeasuredPoint) -> Reconstruction:
        return made_by_worker(self.pixels(image_id), point, metric_names=tuple(metrics()))

    def compare_query(self, image_id: str) -> dict[str, str]:
        """The photograph by its title; Compare takes it whole at its own size."""
        return {"sample": image_id.partition(_PIECE)[0]}


@st.cache_resource(max_entries=2, show_spinner=False)
def _sweeps(state: str, count: int) -> pd.DataFrame:
    store = open_store()
    unready = unready_codecs(store)
    rows = [
        (name, point.setting, point.dial)
        for name, codec in codecs().items()
        if name not in unready
        for point in codec.sweep(store)
    ]
    table = pd.DataFrame(rows, columns=["codec", "setting", "dial"])
    return table.assign(bits_per_pixel=np.nan, images=count)


@st.cache_resource(max_entries=2, show_spinner=False)
def built_in_images(*, are_pieces: bool) -> dict[str, Image]:
    """Built-in photographs resized to 160x160, or pieces of 160x160 of them, by title."""
    if not are_pieces:
        return {title: stored_sample(title) for title in photographs()}
    return {
        f"{title}{_PIECE}{number + 1}": piece
        for title, image in photographs().items()
        for number, piece in enumerate(pieces(image))
    }
