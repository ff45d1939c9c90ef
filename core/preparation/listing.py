"""What a source holds, and to which split and row each of its pictures goes."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from core.dataset import SPLITS, seeded_rank
from core.preparation.errors import PreparationError
from core.preparation.source import PARTS, PictureSource

SPLIT_SEED = "bottleneck"
SPLIT_RULE = (
    "the source's train is train; its val, ordered by sha256 of the seed and the file's sha256, "
    "is divided into validation and test"
)
#: Validation's share of the source's `val`: the thesis has 1,961 of Imagenette's 3,925.
_VALIDATION_SHARE = 1961 / 3925


class ListedPicture(NamedTuple):
    """A picture of the source before it is decoded; `sha256` is that of its file."""

    id: str
    class_id: str
    part: str
    sha256: str


class PlannedPicture(NamedTuple):
    """A picture with its place in the data set: row `row` of the array of `split`."""

    id: str
    class_id: str
    sha256: str
    split: str
    row: int


def list_pictures(source: PictureSource) -> list[ListedPicture]:
    """Every picture of the source, by id.

    Raises:
        PreparationError: There are no pictures in `train/` or in `val/`, two of them have one
            id, or the source cannot be read.
    """
    listed = sorted(
        ListedPicture(file.id, file.class_id, file.part, hashlib.sha256(file.data).hexdigest())
        for file in source.pictures()
    )
    for part in PARTS:
        if not any(picture.part == part for picture in listed):
            raise PreparationError(
                f"There are no pictures in {part}/ of the source ({source.label}); expected "
                "train/<class>/<picture> and val/<class>/<picture>."
            )
    for picture, following in pairwise(listed):
        if picture.id == following.id:
            raise PreparationError(f"Two pictures of the source have the id {picture.id}.")
    return listed


def listing_digest(listed: Iterable[ListedPicture]) -> str:
    """SHA-256 of the listing: the same for the same pictures in whatever archive or folder."""
    lines = "".join(f"{picture.part} {picture.id} {picture.sha256}\n" for picture in listed)
    return hashlib.sha256(lines.encode()).hexdigest()


def plan(listed: Iterable[ListedPicture]) -> list[PlannedPicture]:
    """The pictures in the order of the arrays: train, validation, test, each by id.

    The division of the source's `val` depends on the content of the files and a seed alone, so
    that another machine, whatever the order of its files, gets the same.
    """
    listed = list(listed)
    splits = _splits(listed)
    ordered = sorted(listed, key=lambda picture: (SPLITS.index(splits[picture.id]), picture.id))
    rows: Counter[str] = Counter()
    planned = []
    for picture in ordered:
        split = splits[picture.id]
        planned.append(
            PlannedPicture(picture.id, picture.class_id, picture.sha256, split, rows[split])
        )
        rows[split] += 1
    return planned


def _splits(listed: Iterable[ListedPicture]) -> dict[str, str]:
    splits = {picture.id: "train" for picture in listed}
    rest = [picture for picture in listed if picture.part == "val"]
    rest.sort(key=lambda picture: (seeded_rank(picture.sha256, seed=SPLIT_SEED), picture.id))
    count = round(len(rest) * _VALIDATION_SHARE)
    for position, picture in enumerate(rest):
        splits[picture.id] = "validation" if position < count else "test"
    return splits
