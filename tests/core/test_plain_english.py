"""Numbers in sentences agree with their nouns."""

import pytest

from core.plain_english import counted


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 images"), (1, "1 image"), (2, "2 images"), (1200, "1,200 images")],
)
def test_one_is_singular_and_every_other_number_is_plural(count: int, text: str) -> None:
    assert counted(count, "image") == text


def test_a_plural_of_its_own_is_taken() -> None:
    assert counted(1, "library", "libraries") == "1 library"
    assert counted(3, "library", "libraries") == "3 libraries"
