"""Reads the data set and the sample images: index, splits and pixels."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
from numpy.typing import NDArray

from core.images import Image
from core.store import Artifact, ArtifactError, ArtifactStore
from core.store.key import DEFAULT_DATASET, last_part

#: Default data set of the steps.
DEFAULT = DEFAULT_DATASET
KEY = f"datasets/{DEFAULT}"
SPLITS = ("train", "validation", "test")
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


def dataset_key(dataset: str) -> str:
    """Artifact of a prepared data set."""
    return f"datasets/{dataset}"


def prepared_datasets(store: ArtifactStore) -> list[str]:
    """Names of the prepared data sets, in alphabetical order; their pixels may be absent."""
    return [last_part(key) for key in store.keys("datasets/") if key.count("/") == 1]


def index_file(dataset: str) -> str:
    """Name of the file with the index of a data set."""
    return f"{dataset}/index.parquet"


def digest_of_test_images(store: ArtifactStore, dataset: str) -> str | None:
    """sha256 of the pixels that evaluation measures; None where the data set is not prepared.

    Args:
        store: Where the data set is; its pixels may be absent.
        dataset: Name of the data set.
    """
    return digest_of_split(store, dataset, "test")


def digest_of_split(store: ArtifactStore, dataset: str, split: str) -> str | None:
    """sha256 of the pixels of a split; None where the data set is not prepared.

    Args:
        store: Where the data set is; its pixels may be absent.
        dataset: Name of the data set.
        split: `train`, `validation` or `test`.

    Raises:
        ValueError: There is no such split.
    """
    try:
        files = store.manifest(dataset_key(dataset)).files
    except ArtifactError:
        return None
    entry = files.get(array_file(split, dataset))
    return entry.sha256 if entry else None


def array_file(split: str, dataset: str = DEFAULT) -> str:
    """Name of the file with the pixels of a split.

    Raises:
        ValueError: There is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"The splits are {', '.join(SPLITS)}; received {split!r}.")
    return f"{dataset}/{split}.npy"


def open_split(store: ArtifactStore, split: str, *, dataset: str = DEFAULT) -> Split:
    """One split of a data set, its pixels memory-mapped.

    The arrays were hashed when they were written; here only their size is checked, because reading
    a gigabyte takes longer than most uses of the data.

    Args:
        store: Where the data set is.
        split: `train`, `validation` or `test`.
        dataset: Name of the data set.

    Raises:
        ValueError: There is no such split.
        ArtifactError: The data set was not prepared on this machine, or is damaged.
    """
    return store.load(dataset_key(dataset), lambda artifact: split_of(artifact, split))


def split_of(artifact: Artifact, split: str) -> Split:
    """One split of an opened data set; see `open_split`.

    Raises:
        ValueError: There is no such split.
        ArtifactError: A file is missing or damaged.
    """
    name = array_file(split, last_part(artifact.key))
    path = artifact.path(name, verify=False)
    whole = index_of(artifact)
    rows = whole[whole["split"] == split]
    try:
        images = np.load(path, mmap_mode="r")
    except ValueError as error:
        raise artifact.damaged(name, "is not an array of images") from error
    return Split(images, rows["id"].tolist(), rows["class_name"].tolist())


def index(store: ArtifactStore, *, dataset: str = DEFAULT) -> pd.DataFrame:
    """One row per image, in the order of the arrays: train, validation, test, each by id.

    Columns: id (class folder and file name), class_id, class_name, split, sha256 (of the source
    file), source_width, source_height, grey (whether it has no colour), phash (64-bit perceptual
    hash, hexadecimal).

    Raises:
        ArtifactError: The index is missing or damaged.
    """
    return store.load(dataset_key(dataset), index_of)


def index_of(artifact: Artifact) -> pd.DataFrame:
    """Index of an opened data set; see `index`.

    Raises:
        ArtifactError: The index is missing or damaged.
    """
    name = index_file(last_part(artifact.key))
    return artifact.parsed(name, _parse_index, reason="is not an index of images")


def _parse_index(data: bytes) -> pd.DataFrame:
    frame = pd.read_parquet(BytesIO(data))
    missing = {"id", "class_name", "split"} - set(frame.columns)
    if missing:
        raise ValueError(f"An index has the columns {', '.join(sorted(missing))}.")
    return frame


def subset_ids(
    store: ArtifactStore, *, count: int | None = None, dataset: str = DEFAULT
) -> list[str]:
    """Ids of the fixed test images on which slow metrics are measured, in alphabetical order.

    The choice depends only on the content of the images, so it is the same on every machine.

    Args:
        store: Where the data set is.
        count: How many; `SUBSET_COUNT` when None.
        dataset: Name of the data set.

    Raises:
        ArtifactError: The index is missing or damaged.
    """
    return subset_of(index(store, dataset=dataset), count=count)


def subset_of(whole: pd.DataFrame, *, count: int | None = None) -> list[str]:
    """The ids that `subset_ids` gives, chosen from an index that was read already."""
    rows = whole.query("split == 'test'")
    ranks = [seeded_rank(sha256, seed="subset") for sha256 in rows["sha256"]]
    chosen = (
        rows.assign(rank=ranks)
        .sort_values(["rank", "id"])
        .head(SUBSET_COUNT if count is None else count)
    )
    return sorted(chosen["id"])


def seeded_rank(sha256: str, *, seed: str) -> str:
    """Sort key of an image: a pseudorandom order that depends only on its content and the seed."""
    return hashlib.sha256(f"{seed}:{sha256}".encode()).hexdigest()


def sample_images() -> Mapping[str, Image]:
    """The colour photographs inside the scikit-image wheel by title, at their own size.

    Nothing is downloaded, and each is decoded on first access.
    """
    return _SampleImages()


class _SampleImages(Mapping[str, Image]):
    """The photographs as a mapping, decoded one at a time; the arrays are read-only."""

    def __init__(self) -> None:
        folder = _folder_of_samples()
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
    data = (_folder_of_samples() / name).read_bytes()
    pixels = np.asarray(PIL.Image.open(BytesIO(data)).convert("RGB"))
    pixels.flags.writeable = False
    return pixels


def _folder_of_samples() -> Path:
    folder = package_folder("skimage")
    if folder is None:
        raise ModuleNotFoundError("scikit-image is not installed", name="skimage")
    return folder / "data"


def package_folder(package: str) -> Path | None:
    """Where an installed package lies, without importing it, which takes up to a second."""
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None
