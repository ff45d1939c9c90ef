import numpy as np
import pytest

from core.benchmark_pictures import benchmark_picture


@pytest.mark.parametrize(("width", "height"), [(160, 160), (768, 512), (2300, 1100), (1, 7)])
def test_a_picture_has_the_size_that_was_asked_for(width: int, height: int) -> None:
    picture = benchmark_picture(width, height)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8


def test_a_large_picture_has_the_detail_of_a_photograph_everywhere() -> None:
    small, large = benchmark_picture(768, 512), benchmark_picture(2300, 1500)
    assert _detail(large) > 0.3 * _detail(small)
    cells = [large[top : top + 500, left : left + 500] for top in (0, 1000) for left in (0, 1800)]
    assert min(_detail(cell) for cell in cells) > 1


def test_the_same_picture_is_made_every_time() -> None:
    assert np.array_equal(benchmark_picture(320, 200), benchmark_picture(320, 200))


def _detail(picture: np.ndarray) -> float:
    """Mean difference of neighbouring pixels, in levels."""
    return float(np.abs(np.diff(picture.astype(int), axis=1)).mean())
