import math

import numpy as np
import pytest

from core.metrics import psnr_db


def test_equal_images_have_infinite_psnr():
    image = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    assert psnr_db.measure(image, image.copy()) == math.inf


def test_black_against_white_is_zero_decibels():
    black, white = np.zeros((9, 5, 3), np.uint8), np.full((9, 5, 3), 255, np.uint8)
    assert psnr_db.measure(black, white) == 0.0
    assert psnr_db.measure(white, black) == 0.0


@pytest.mark.parametrize(("first", "second"), [(10, 11), (11, 10), (255, 254)])
def test_an_error_of_one_everywhere_is_48_13_decibels_in_either_direction(first, second):
    reference, image = np.full((4, 4, 3), first, np.uint8), np.full((4, 4, 3), second, np.uint8)
    assert psnr_db.measure(reference, image) == pytest.approx(48.1308, abs=1e-4)


def test_it_is_the_mean_over_all_three_channels():
    reference = np.zeros((2, 2, 3), np.uint8)
    image = reference.copy()
    image[..., 1] = 30
    assert psnr_db.measure(reference, image) == pytest.approx(10 * math.log10(255**2 / 300))


def test_it_equals_scikit_image():
    from skimage.metrics import peak_signal_noise_ratio

    random = np.random.default_rng(2)
    reference, image = random.integers(0, 256, (2, 61, 47, 3), np.uint8)
    expected = peak_signal_noise_ratio(reference, image, data_range=255)
    assert psnr_db.measure(reference, image) == pytest.approx(expected, abs=1e-9)
