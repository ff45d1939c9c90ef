import numpy as np
import pytest

from core.timing.images import benchmark_image


@pytest.mark.parametrize(("width", "height"), [(160, 160), (768, 512), (2300, 1100), (1, 7)])
def test_an_image_has_the_size_that_was_asked_for(width: int, height: int) -> None:
    image = benchmark_image(width, height)
    assert image.shape == (height, width, 3)
    assert image.dtype == np.uint8


def test_a_large_image_has_the_detail_of_a_photograph_everywhere() -> None:
    small, large = benchmark_image(768, 512), benchmark_image(2300, 1500)
    assert _detail(large) > 0.3 * _detail(small)
    cells = [large[top : top + 500, left : left + 500] for top in (0, 1000) for left in (0, 1800)]
    assert min(_detail(cell) for cell in cells) > 1


def test_the_same_image_is_made_every_time() -> None:
    assert np.array_equal(benchmark_image(320, 200), benchmark_image(320, 200))


def _detail(image: np.ndarray) -> float:
    """Mean difference of neighbouring pixels, in levels."""
    return float(np.abs(np.diff(image.astype(int), axis=1)).mean())
