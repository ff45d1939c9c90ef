"""The listing of a source and the split that follows from it."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from core.dataset.preparation.errors import PreparationError
from core.dataset.preparation.listing import ListedImage, list_images, listing_digest, plan
from core.dataset.preparation.source import SourceImage


@dataclass(frozen=True)
class _Images:
    """A source held in memory."""

    files: tuple[SourceImage, ...]
    label: str = "memory"
    sha256: None = None

    def images(self) -> Iterator[SourceImage]:
        return iter(self.files)


def _listed(train: int, val: int) -> list[ListedImage]:
    parts = ["train"] * train + ["val"] * val
    return [
        ListedImage(f"n/{number:05}", "n", part, f"{number:064x}")
        for number, part in enumerate(parts)
    ]


def test_imagenette_is_divided_as_in_the_thesis() -> None:
    counts = Counter(image.split for image in plan(_listed(9469, 3925)))
    assert counts == {"train": 9469, "validation": 1961, "test": 1964}


@pytest.mark.parametrize(("val", "validation"), [(1, 0), (2, 1), (3, 1), (100, 50), (0, 0)])
def test_other_counts_are_divided_in_the_same_proportion(val: int, validation: int) -> None:
    counts = Counter(image.split for image in plan(_listed(5, val)))
    assert (counts["train"], counts["validation"]) == (5, validation)
    assert counts["test"] == val - validation


def test_the_split_does_not_depend_on_the_order_of_the_files() -> None:
    listed = _listed(30, 60)
    shuffled = random.Random(3).sample(listed, len(listed))
    assert plan(shuffled) == plan(listed)


def test_the_split_follows_the_content_and_not_the_name() -> None:
    listed = _listed(0, 60)
    renamed = [image._replace(id="m/" + image.id[2:]) for image in listed]
    splits = [{p.sha256 for p in plan(of) if p.split == "test"} for of in (listed, renamed)]
    assert splits[0] == splits[1]


def test_rows_count_up_from_zero_in_every_split_by_id() -> None:
    planned = plan(_listed(7, 20))
    for split in ("train", "validation", "test"):
        rows = [image for image in planned if image.split == split]
        assert [image.row for image in rows] == list(range(len(rows)))
        assert [image.id for image in rows] == sorted(image.id for image in rows)


def test_the_digest_changes_with_any_image_and_is_stable() -> None:
    listed = _listed(2, 2)
    other = [*listed[:-1], listed[-1]._replace(sha256="f" * 64)]
    assert listing_digest(listed) != listing_digest(other)
    assert listing_digest(listed) == listing_digest(_listed(2, 2))


@pytest.mark.parametrize(("part", "missing"), [("train", "val"), ("val", "train")])
def test_a_source_without_images_in_a_part_is_refused(part: str, missing: str) -> None:
    source = _Images((SourceImage("n/a", "n", part, b"x"),))
    with pytest.raises(PreparationError, match=f"no images in {missing}/ of the source"):
        list_images(source)


def test_two_images_with_one_id_are_refused_by_name() -> None:
    twice = (SourceImage("n/a", "n", "train", b"x"), SourceImage("n/a", "n", "val", b"y"))
    with pytest.raises(PreparationError, match="train/n/a and val/n/a have one name"):
        list_images(_Images(twice))
