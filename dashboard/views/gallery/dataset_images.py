"""Images of a data set that results were measured on: prepared, or of a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core.dataset.image_source import FolderSource, ImageSource
from core.dataset.result_images import images_of_results
from core.images import Image
from dashboard.charts.image_ranking import MeasuredPoint, operating_points
from dashboard.data.store import (
    DATASET,
    dataset_state,
    load_results,
    load_split,
    open_store,
    store_state,
)
from dashboard.views.gallery.decoded_cache import decoded_image


@dataclass(frozen=True)
class DatasetImages:
    """Images of a data set, with the results that were measured on them.

    Attributes:
        dataset: Name of the data set.
        frame: Its results.
        source: Where its images are.
        classes: Class by image id; empty where the images are of a folder.
    """

    dataset: str
    frame: pd.DataFrame
    source: ImageSource
    classes: Mapping[str, str]

    @property
    def points(self) -> pd.DataFrame:
        """Operating points of all results."""
        return _points(self.dataset, dataset_state(self.dataset))

    @property
    def measured(self) -> int:
        """Number of images in the results."""
        return len(self.classes) or int(self.frame["image"].nunique())

    def records(self, points: Sequence[MeasuredPoint]) -> pd.DataFrame:
        """The results."""
        return self.frame

    def pixels(self, image_id: str) -> Image:
        """Pixels of an image that was measured.

        Raises:
            ImageError: It is not accepted any more.
            OSError: Its file cannot be read.
        """
        if not isinstance(self.source, FolderSource):
            return self.source.read(image_id)
        status = (self.source.folder / image_id).stat()
        return _of_folder(self.source, image_id, (status.st_mtime_ns, status.st_size))

    def decoded(self, image_id: str, point: MeasuredPoint) -> Image:
        """An image after encoding and decoding at an operating point."""
        return decoded_image(self.pixels(image_id), point)

    def compare_query(self, image_id: str) -> dict[str, str] | None:
        """The image by its id, where Compare can open it."""
        return {"image": image_id} if self.dataset == DATASET else None


def load_dataset_images(dataset: str) -> DatasetImages:
    """Images of a data set and all results on them, of which there may be none.

    Raises:
        ArtifactError: The data set is neither prepared on this machine nor one of a folder here.
    """
    source = images_of_results(open_store(), dataset)
    is_folder = isinstance(source, FolderSource)
    classes = {} if is_folder else _classes(dataset, store_state(f"datasets/{dataset}"))
    return DatasetImages(dataset, load_results(dataset).frame, source, classes)


@st.cache_resource(max_entries=4, show_spinner=False)
def _classes(dataset: str, state: str) -> dict[str, str]:
    split = load_split("test", dataset)
    return dict(zip(split.ids, split.classes, strict=True))


@st.cache_resource(max_entries=4, show_spinner=False)
def _points(dataset: str, state: str) -> pd.DataFrame:
    return operating_points(load_results(dataset).frame)


@st.cache_data(max_entries=200, max_size="100MB", show_spinner=False)
def _of_folder(source: FolderSource, image_id: str, state: object) -> Image:
    return np.asarray(source.read(image_id))
