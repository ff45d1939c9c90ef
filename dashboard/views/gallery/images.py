"""Images of the gallery: the test images with their results, or the built-in samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import streamlit as st

from core.codecs import codecs
from core.dataset.splits import sample_images
from core.evaluation.comparison import Choice, point_of, unready_codecs
from core.evaluation.evaluate import evaluate
from core.evaluation.record import Record
from core.evaluation.table import to_frame, to_table
from core.images import Image
from core.metrics import metrics
from dashboard.charts.image_ranking import Point, operating_points
from dashboard.data.store import DATASET, fingerprint, load_results, load_split, open_store


class GalleryImages(Protocol):
    """Where the gallery takes its images and their figures from."""

    @property
    def points(self) -> pd.DataFrame:
        """Operating points to choose from, as `operating_points` gives them."""

    @property
    def classes(self) -> Mapping[str, str]:
        """Class by image id; empty where the images have none."""

    def records(self, points: Sequence[Point]) -> pd.DataFrame:
        """Results that hold every image at these operating points."""

    def pixels(self, image_id: str) -> Image:
        """Pixels of an image, 160x160."""

    def compare_query(self, image_id: str) -> dict[str, str]:
        """State that opens the page Compare on this image."""


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
        return _points(fingerprint(f"results/{DATASET}/"))

    def records(self, points: Sequence[Point]) -> pd.DataFrame:
        """The results."""
        return self.frame

    def pixels(self, image_id: str) -> Image:
        """Pixels of a test image."""
        return np.asarray(self.images[self.rows[image_id]])

    def compare_query(self, image_id: str) -> dict[str, str]:
        """The image by its id."""
        return {"image": image_id}


class BuiltInImages:
    """The built-in samples as the data set would keep them, measured when they are shown."""

    classes: Mapping[str, str] = {}

    @property
    def points(self) -> pd.DataFrame:
        """Operating points of all codecs that can run here, without a rate."""
        return _sweeps(fingerprint("models/"))

    def records(self, points: Sequence[Point]) -> pd.DataFrame:
        """Measurements of all samples."""
        parts = [_measured(point, fingerprint(f"models/{point.codec}")) for point in points]
        return pd.concat(parts, ignore_index=True)

    def pixels(self, image_id: str) -> Image:
        """Pixels of a sample, brought to 160x160."""
        return stored_sample(image_id)

    def compare_query(self, image_id: str) -> dict[str, str]:
        """The sample by its title; Compare takes it at its own size."""
        return {"sample": image_id}


def load_dataset_images() -> DatasetImages:
    """The test images and all results on them, of which there may be none.

    Raises:
        ArtifactError: The data set is not prepared on this machine, or is damaged.
    """
    images = load_split("test").images
    rows, classes = _places(fingerprint(f"datasets/{DATASET}"))
    return DatasetImages(load_results().frame, rows, classes, images)


@st.cache_resource(max_entries=2, show_spinner=False)
def _places(state: str) -> tuple[dict[str, int], dict[str, str]]:
    split = load_split("test")
    rows = {image_id: row for row, image_id in enumerate(split.ids)}
    return rows, dict(zip(split.ids, split.classes, strict=True))


@st.cache_resource(max_entries=2, show_spinner=False)
def _points(state: str) -> pd.DataFrame:
    return operating_points(load_results().frame)


@st.cache_resource(max_entries=2, show_spinner=False)
def _sweeps(state: str) -> pd.DataFrame:
    store = open_store()
    unready = unready_codecs(store)
    rows = [
        (name, point.setting, point.dial)
        for name, codec in codecs().items()
        if name not in unready
        for point in codec.sweep(store)
    ]
    table = pd.DataFrame(rows, columns=["codec", "setting", "dial"])
    return table.assign(bits_per_pixel=np.nan, images=len(sample_images()))


@st.cache_data(max_entries=32, show_spinner="Measuring the sample images …")
def _measured(point: Point, state: str) -> pd.DataFrame:
    point = point_of(Choice(point.codec, point.dial), open_store())
    records: list[Record] = [
        evaluate(point, stored_sample(title), image_id=title, metrics=metrics())
        for title in sample_images()
    ]
    return to_frame(to_table(records))


@st.cache_data(max_entries=16, show_spinner=False)
def stored_sample(title: str) -> Image:
    """A sample image as the data set would keep it."""
    import PIL.Image

    from core.dataset.preparation.decoding import stored_image

    return np.asarray(stored_image(PIL.Image.fromarray(sample_images()[title])))
