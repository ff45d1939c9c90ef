"""Lists the images of a source and assigns each to a split and a row."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from core.dataset.preparation.errors import PreparationError
from core.dataset.preparation.source import PARTS, RawDataset
from core.dataset.splits import SPLITS, seeded_rank

SPLIT_SEED = "bottleneck"
SPLIT_RULE = (
    "the source's train is train; its val, ordered by sha256 of the seed and the file's sha256, "
    "is divided into validation and test"
)
#: Validation's share of the source's `val`: the thesis has 1,961 of Imagenette's 3,925.
_VALIDATION_SHARE = 1961 / 3925


class ListedImage(NamedTuple):
    """An image of the source before it is decoded; `sha256` is that of its file."""

    id: str
    class_id: str
    part: str
    sha256: str


class PlannedImage(NamedTuple):
    """An image assigned to row `row` of the array of `split`."""

    id: str
    class_id: str
    sha256: str
    split: str
    row: int


def list_images(source: RawDataset) -> list[ListedImage]:
    """Every image of the source, by id.

    Raises:
        PreparationError: There are no images in `train/` or in `val/`, two of them have one
            id, or the source cannot be read.
    """
    listed = sorted(
        ListedImage(file.id, file.class_id, file.part, hashlib.sha256(file.data).hexdigest())
        for file in source.images()
    )
    for part in PARTS:
        if not any(image.part == part for image in listed):
            raise PreparationError(
                f"There are no images in {part}/ of the source ({source.label}); expected "
                "train/<class>/<image> and val/<class>/<image>. Any other folder of images is "
                "measured as it is: python -m pipelines.evaluate --images DIR --dataset NAME."
            )
    for image, following in pairwise(listed):
        if image.id == following.id:
            raise PreparationError(
                f"{image.part}/{image.id} and {following.part}/{following.id} have one name. In a "
                "class, names without their endings must differ, also between train/ and val/."
            )
    return listed


def listing_digest(listed: Iterable[ListedImage]) -> str:
    """SHA-256 of the listing, independent of the archive or folder that holds the images."""
    lines = "".join(f"{image.part} {image.id} {image.sha256}\n" for image in listed)
    return hashlib.sha256(lines.encode()).hexdigest()


def plan(listed: Iterable[ListedImage]) -> list[PlannedImage]:
    """Assigns the images to splits; in the order of the arrays: train, validation, test, by id.

    The division of the source's `val` depends on the content of the files and a seed alone, so
    that another machine, whatever the order of its files, gets the same.
    """
    listed = list(listed)
    splits = _splits(listed)
    ordered = sorted(listed, key=lambda image: (SPLITS.index(splits[image.id]), image.id))
    rows: Counter[str] = Counter()
    planned = []
    for image in ordered:
        split = splits[image.id]
        planned.append(PlannedImage(image.id, image.class_id, image.sha256, split, rows[split]))
        rows[split] += 1
    return planned


def _splits(listed: Iterable[ListedImage]) -> dict[str, str]:
    splits = {image.id: "train" for image in listed}
    rest = [image for image in listed if image.part == "val"]
    rest.sort(key=lambda image: (seeded_rank(image.sha256, seed=SPLIT_SEED), image.id))
    count = round(len(rest) * _VALIDATION_SHARE)
    for position, image in enumerate(rest):
        splits[image.id] = "validation" if position < count else "test"
    return splits
