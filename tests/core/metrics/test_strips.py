"""Metrics of large images: the same by strips, in little memory."""

import tracemalloc

import numpy as np
import pytest

from core.images import Image
from core.metrics import psnr_db, ssim
from core.metrics.strips import strips

MEGABYTE = 1_000_000


def pair(height: int, width: int) -> tuple[Image, Image]:
    random = np.random.default_rng(5)
    image = random.integers(0, 256, (height, width, 3), np.uint8)
    return image, image ^ random.integers(0, 16, image.shape, np.uint8)


@pytest.mark.parametrize("shape", [(7, 7), (1024, 1024), (1025, 1024), (2500, 1111), (9, 300_000)])
def test_every_window_lies_in_exactly_one_strip(shape: tuple[int, int]) -> None:
    parts = strips(shape, overlap=6)
    windows = [top for rows in parts for top in range(shape[0])[rows][:-6]]
    assert windows == list(range(shape[0] - 6))
    assert (len(parts) == 1) == (shape[0] * shape[1] <= 2**20)


@pytest.mark.slow
def test_a_large_image_has_the_value_of_the_definition() -> None:
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    reference, image = pair(1200, 1111)
    grey = [values @ ssim.GREY_WEIGHTS for values in (reference, image)]
    expected = structural_similarity(*grey, data_range=255)
    assert ssim.measure(reference, image) == pytest.approx(expected, abs=1e-12)
    expected = peak_signal_noise_ratio(reference, image, data_range=255)
    assert psnr_db.measure(reference, image) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", [psnr_db, ssim], ids=["psnr_db", "ssim"])
def test_a_large_image_needs_little_memory(metric) -> None:
    reference, image = pair(2000, 2000)
    tracemalloc.start()
    try:
        metric.measure(reference, image)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150 * MEGABYTE
