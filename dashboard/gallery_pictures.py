"""Pictures of the gallery: the test pictures with their results, or the built-in samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import streamlit as st

from core.codecs import families
from core.comparison import Choice, codec_of, unready_families
from core.dataset import sample_pictures
from core.evaluation import evaluate
from core.images import Image
from core.metrics import metrics
from core.record import Record
from core.result_table import to_frame, to_table
from dashboard.cache import DATASET, fingerprint, load_results, load_split, open_store
from dashboard.charts.picture_ranking import Point, operating_points


class GalleryPictures(Protocol):
    """Where the gallery takes its pictures and their figures from."""

    @property
    def points(self) -> pd.DataFrame:
        """Operating points to choose from, as `operating_points` gives them."""

    @property
    def classes(self) -> Mapping[str, str]:
        """Class by picture id; empty where the pictures have none."""

    def records(self, points: Sequence[Point]) -> pd.DataFrame:
        """Results that hold every picture at these operating points."""

    def picture(self, image_id: str) -> Image:
        """Pixels of a picture, 160x160."""

    def compare_query(self, image_id: str) -> dict[str, str]:
        """State that opens the page Compare on this picture."""


@dataclass(frozen=True)
class DatasetPictures:
    """The test pictures of the data set, with the results that were measured on them."""

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

    def picture(self, image_id: str) -> Image:
        """Pixels of a test picture."""
        return np.asarray(self.images[self.rows[image_id]])

    def compare_query(self, image_id: str) -> dict[str, str]:
        """The picture by its id."""
        return {"picture": image_id}


class BuiltInPictures:
    """The built-in samples as the data set would keep them, measured when they are shown."""

    classes: Mapping[str, str] = {}

    @property
    def points(self) -> pd.DataFrame:
        """Operating points of all families that can run here, without a rate."""
        return _sweeps(fingerprint("models/"))

    def records(self, points: Sequence[Point]) -> pd.DataFrame:
        """Measurements of all samples."""
        parts = [_measured(point, fingerprint(f"models/{point.family}")) for point in points]
        return pd.concat(parts, ignore_index=True)

    def picture(self, image_id: str) -> Image:
        """Pixels of a sample, brought to 160x160."""
        return stored_sample(image_id)

    def compare_query(self, image_id: str) -> dict[str, str]:
        """The sample by its title; Compare takes it at its own size."""
        return {"sample": image_id}


def load_dataset_pictures() -> DatasetPictures:
    """The test pictures and all results on them, of which there may be none.

    Raises:
        ArtifactError: The data set is not prepared on this machine, or is damaged.
    """
    images = load_split("test").images
    rows, classes = _places(fingerprint(f"datasets/{DATASET}"))
    return DatasetPictures(load_results().frame, rows, classes, images)


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
    unready = unready_families(store)
    rows = [
        (name, codec.setting, getattr(codec, family.dial.name, None) if family.dial else None)
        for name, family in families().items()
        if name not in unready
        for codec in family.sweep(store)
    ]
    table = pd.DataFrame(rows, columns=["family", "setting", "dial"])
    return table.assign(bits_per_pixel=np.nan, pictures=len(sample_pictures()))


@st.cache_data(max_entries=32, show_spinner="Measuring the sample pictures …")
def _measured(point: Point, state: str) -> pd.DataFrame:
    codec = codec_of(Choice(point.family, point.dial), open_store())
    records: list[Record] = [
        evaluate(codec, stored_sample(title), image_id=title, metrics=metrics(), dial=point.dial)
        for title in sample_pictures()
    ]
    return to_frame(to_table(records))


@st.cache_data(max_entries=16, show_spinner=False)
def stored_sample(title: str) -> Image:
    """A sample picture as the data set would keep it."""
    import PIL.Image

    from core.preparation.decoding import stored_picture

    return np.asarray(stored_picture(PIL.Image.fromarray(sample_pictures()[title])))
