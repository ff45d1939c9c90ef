"""The data set and the sample images: what is in them, and their pixels."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
import pandas as pd
import PIL.Image
from numpy.typing import NDArray

from core.images import Image
from core.store import ArtifactStore

KEY = "datasets/imagenette160"
SPLITS = ("train", "validation", "test")
INDEX_FILE = "imagenette160/index.parquet"
SUBSET_COUNT = 250

#: Titles of the colour photographs inside the scikit-image wheel, by their file. Left out are
#: grey images, drawings, and the right half of the stereo pair.
_SAMPLE_TITLES = {
    "astronaut.png": "Astronaut (portrait)",
    "chelsea.png": "Chelsea (cat)",
    "coffee.png": "Coffee cup",
    "hubble_deep_field.jpg": "Hubble deep field (galaxies)",
    "ihc.png": "Stained tissue (microscope)",
    "motorcycle_left.png": "Motorcycle in a garage",
    "retina.jpg": "Retina (medical)",
    "rocket.jpg": "Rocket on its pad",
}


@dataclass(frozen=True)
class Split:
    """One split of the data set.

    Attributes:
        images: uint8, shape (count, 160, 160, 3), RGB, mapped from the disk and read-only.
        ids: Id of each image, in alphabetical order.
        classes: Human name of each image's class.
    """

    images: NDArray[np.uint8]
    ids: list[str]
    classes: list[str]


def array_file(split: str) -> str:
    """Name of the file with the pixels of a split.

    Raises:
        ValueError: There is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"The splits are {', '.join(SPLITS)}; received {split!r}.")
    return f"imagenette160/{split}.npy"


def open_split(store: ArtifactStore, split: str) -> Split:
    """One split of the data set, its pixels mapped into memory.

    The content of the arrays was hashed when they were written; here only their size is checked,
    for reading a gigabyte takes longer than most of what is done with it.

    Raises:
        ValueError: There is no such split.
        ArtifactError: The data set was not prepared on this machine, or is damaged.
    """
    path = store.path(KEY, array_file(split), verify=False)
    rows = index(store).query("split == @split")
    images = np.load(path, mmap_mode="r")
    return Split(images, rows["id"].tolist(), rows["class_name"].tolist())


def index(store: ArtifactStore) -> pd.DataFrame:
    """One row per image, in the order of the arrays: train, validation, test, each by id.

    Columns: id (class folder and file name), class_id, class_name, split, sha256 (of the source
    file), source_width, source_height, grey (whether it has no colour), phash (64-bit perceptual
    hash, hexadecimal).

    Raises:
        ArtifactError: The index is missing or damaged.
    """
    return pd.read_parquet(BytesIO(store.read(KEY, INDEX_FILE)))


def subset_ids(store: ArtifactStore, *, count: int | None = None) -> list[str]:
    """Ids of the fixed test images on which slow metrics are measured, in alphabetical order.

    The choice depends on the content of the images alone, so every machine makes the same.

    Args:
        store: Where the data set is.
        count: How many; `SUBSET_COUNT` when None.

    Raises:
        ArtifactError: The index is missing or damaged.
    """
    rows = index(store).query("split == 'test'")
    ranks = [seeded_rank(sha256, seed="subset") for sha256 in rows["sha256"]]
    chosen = (
        rows.assign(rank=ranks)
        .sort_values(["rank", "id"])
        .head(SUBSET_COUNT if count is None else count)
    )
    return sorted(chosen["id"])


def seeded_rank(sha256: str, *, seed: str) -> str:
    """Sort key of an image for a random order that its content and the seed alone decide."""
    return hashlib.sha256(f"{seed}:{sha256}".encode()).hexdigest()


def sample_images() -> Mapping[str, Image]:
    """The colour photographs inside the scikit-image wheel by title, at their own size.

    Nothing is downloaded, and each is decoded when it is first asked for.
    """
    return _SampleImages()


class _SampleImages(Mapping[str, Image]):
    """The photographs as a mapping, decoded one at a time; the arrays are read-only."""

    def __init__(self) -> None:
        folder = files("skimage") / "data"
        self._files = {
            title: name for name, title in _SAMPLE_TITLES.items() if (folder / name).is_file()
        }

    def __getitem__(self, title: str) -> Image:
        return _sample(self._files[title])

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


@cache
def _sample(name: str) -> Image:
    data = (files("skimage") / "data" / name).read_bytes()
    pixels = np.asarray(PIL.Image.open(BytesIO(data)).convert("RGB"))
    pixels.flags.writeable = False
    return pixels
