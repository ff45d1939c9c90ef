"""Images of the gallery: the test images with their results, or the built-in photographs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd
import streamlit as st

from core.codecs import codecs
from core.dataset.photographs import photographs, pieces
from core.evaluation.comparison import CodecConfig, operating_point, unready_codecs
from core.evaluation.evaluate import evaluate
from core.evaluation.record import Record
from core.evaluation.table import to_frame, to_table
from core.images import Image
from core.metrics import metrics
from dashboard.charts.image_ranking import MeasuredPoint, operating_points
from dashboard.data.store import DATASET, load_results, load_split, open_store, store_state

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

    def records(self, points: Sequence[MeasuredPoint]) -> pd.DataFrame:
        """Results that hold every image at these operating points."""

    def pixels(self, image_id: str) -> Image:
        """Pixels of an image, 160x160."""

    def compare_query(self, image_id: str) -> dict[str, str]:
        """Query parameters that open the page Compare on this image."""


@dataclass(frozen=True)
class DatasetImages:
    """The test images of the data set, with the results that were measured on them."""

    frame: pd.DataFrame
    rows: Mapping[str, int]
    classes: Mapping[str, str]
    images: np.ndarray

    @property
    def points(self) -> pd.DataFrame:
        """Operating points of all results."""
        return _points(store_state(f"results/{DATASET}/"))

    def records(self, points: Sequence[MeasuredPoint]) -> pd.DataFrame:
        """The results."""
        return self.frame

    def pixels(self, image_id: str) -> Image:
        """Pixels of a test image."""
        return np.asarray(self.images[self.rows[image_id]])

    def compare_query(self, image_id: str) -> dict[str, str]:
        """The image by its id."""
        return {"image": image_id}


@dataclass(frozen=True)
class BuiltInImages:
    """The built-in photographs, measured when they are shown.

    Attributes:
        are_pieces: Whether they are 160x160 crops of the photographs instead of whole
            photographs resized to 160x160.
    """

    are_pieces: bool = False
    classes: Mapping[str, str] = field(default_factory=dict)

    @property
    def points(self) -> pd.DataFrame:
        """Operating points of all codecs that can run here, without a rate."""
        return _sweeps(store_state("models/"), len(built_in_images(are_pieces=self.are_pieces)))

    def records(self, points: Sequence[MeasuredPoint]) -> pd.DataFrame:
        """Measurements of all of them."""
        parts = [
            _measured(point, self.are_pieces, store_state(f"models/{point.codec}"))
            for point in points
        ]
        return pd.concat(parts, ignore_index=True)

    def pixels(self, image_id: str) -> Image:
        """Pixels of a photograph or of a piece, 160x160."""
        return built_in_images(are_pieces=self.are_pieces)[image_id]

    def compare_query(self, image_id: str) -> dict[str, str]:
        """The photograph by its title; Compare takes it whole at its own size."""
        return {"sample": image_id.partition(_PIECE)[0]}


def load_dataset_images() -> DatasetImages:
    """The test images and all results on them, of which there may be none.

    Raises:
        ArtifactError: The data set is not prepared on this machine, or is damaged.
    """
    images = load_split("test").images
    rows, classes = _rows_and_classes(store_state(f"datasets/{DATASET}"))
    return DatasetImages(load_results().frame, rows, classes, images)


@st.cache_resource(max_entries=2, show_spinner=False)
def _rows_and_classes(state: str) -> tuple[dict[str, int], dict[str, str]]:
    split = load_split("test")
    rows = {image_id: row for row, image_id in enumerate(split.ids)}
    return rows, dict(zip(split.ids, split.classes, strict=True))


@st.cache_resource(max_entries=2, show_spinner=False)
def _points(state: str) -> pd.DataFrame:
    return operating_points(load_results().frame)


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


@st.cache_data(max_entries=32, show_spinner="Measuring the photographs …")
def _measured(point: MeasuredPoint, are_pieces: bool, state: str) -> pd.DataFrame:
    found = operating_point(CodecConfig(point.codec, point.dial), open_store())
    records: list[Record] = [
        evaluate(found, image, image_id=image_id, metrics=metrics()).record
        for image_id, image in built_in_images(are_pieces=are_pieces).items()
    ]
    return to_frame(to_table(records))


@st.cache_resource(max_entries=2, show_spinner=False)
def built_in_images(*, are_pieces: bool) -> dict[str, Image]:
    """Built-in photographs resized to 160x160, or pieces of 160x160 of them, by title."""
    if not are_pieces:
        return {title: _stored(image) for title, image in photographs().items()}
    return {
        f"{title}{_PIECE}{number + 1}": piece
        for title, image in photographs().items()
        for number, piece in enumerate(pieces(image))
    }


def _stored(image: Image) -> Image:
    import PIL.Image

    from core.dataset.preparation.decoding import stored_image

    return np.asarray(stored_image(PIL.Image.fromarray(image)))
