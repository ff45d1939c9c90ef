import numpy as np
import pytest

from core.dataset.photographs import photographs, pieces
from core.dataset.splits import sample_images


def test_the_photographs_are_the_samples_and_those_of_other_libraries() -> None:
    found = photographs()
    assert list(found)[: len(sample_images())] == list(sample_images())
    assert len(found) == len(list(found)) > len(sample_images())


@pytest.mark.parametrize("title", list(photographs()))
def test_every_photograph_has_colour_and_three_channels(title: str) -> None:
    image = photographs()[title]
    assert image.dtype == np.uint8
    assert image.shape[2] == 3
    assert np.ptp(image, axis=2).max() > 30


def test_pieces_are_cut_out_of_the_photograph_and_do_not_repeat() -> None:
    image = photographs()["Grace Hopper (portrait)"]
    found = pieces(image)
    assert len({piece.tobytes() for piece in found}) == 3
    height, width = image.shape[:2]
    top, left = round((height - 160) / 4), round((width - 160) / 4)
    assert np.array_equal(found[0], image[top : top + 160, left : left + 160])


def test_a_small_photograph_has_one_piece() -> None:
    assert len(pieces(photographs()["Chelsea (cat)"][:200, :300])) == 1
