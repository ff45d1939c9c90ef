import numpy as np
import pytest

from core.dataset.splits import sample_images
from core.dataset.traits import (
    BLOCK_SIDE,
    TRAITS,
    colourfulness,
    contrast,
    detail,
    flatness,
    measure_traits,
    oddities,
    ranges_of,
)

GREY = np.full((20, 30, 3), 90, np.uint8)
NOISE = np.random.default_rng(3).integers(0, 256, (400, 500, 3), np.uint8)


def test_an_even_grey_image_is_flat_and_has_nothing_else() -> None:
    assert flatness(GREY) == 100
    assert (detail(GREY), contrast(GREY)) == (pytest.approx(0), pytest.approx(0))
    assert colourfulness(GREY) == 0


def test_a_step_of_one_column_makes_one_column_of_detail() -> None:
    image = GREY.copy()
    image[:, 15:] += 10
    assert flatness(image) == pytest.approx(100 * 28 / 29)
    assert detail(image) == pytest.approx(2 * 10 / 28)
    assert contrast(image) == pytest.approx(5)


def test_colourfulness_is_that_of_the_paper_for_two_colours() -> None:
    image = np.zeros((2, 2, 3), np.uint8)
    image[0] = [100, 0, 0]
    # red-green: 100 or 0; yellow-blue: 50 or 0
    expected = np.hypot(50, 25) + 0.3 * np.hypot(50, 25)
    assert colourfulness(image) == pytest.approx(expected)


def test_an_image_of_the_size_of_a_training_image_is_one_block() -> None:
    block = NOISE[:BLOCK_SIDE, :BLOCK_SIDE]
    assert measure_traits(block) == {trait.name: trait.measure(block) for trait in TRAITS}


def test_blocks_reach_all_corners_of_a_large_image() -> None:
    image = np.zeros((900, 1100, 3), np.uint8)
    plain = measure_traits(image)
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        marked = image.copy()
        marked[corner] = 255
        assert measure_traits(marked)["contrast"] > plain["contrast"]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (2, 2, 3), (161, 3, 3)])
def test_any_size_has_traits(shape: tuple[int, int, int]) -> None:
    assert all(np.isfinite(list(measure_traits(np.zeros(shape, np.uint8)).values())))


def test_noise_is_odd_among_photographs_and_a_photograph_is_not() -> None:
    photographs = list(sample_images().values())
    ranges = ranges_of([measure_traits(photograph) for photograph in photographs])
    found = oddities(NOISE, ranges)
    assert "detail" in [oddity.trait.name for oddity in found]
    detail_found = next(oddity for oddity in found if oddity.trait.name == "detail")
    assert detail_found.value > detail_found.highest
    assert "it is busier" in detail_found.sentence
    usual = {name: (low - 1, high + 1) for name, (low, high) in ranges.items()}
    assert oddities(photographs[0], usual) == []
