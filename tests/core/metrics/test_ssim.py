import numpy as np
import pytest
from skimage.color import rgb2gray
from skimage.metrics import structural_similarity

from core.metrics import ssim

SIZES = [(7, 7), (7, 40), (33, 8), (64, 97), (160, 160)]


def by_scikit_image(reference, image):
    grey = [255.0 * rgb2gray(pixels) for pixels in (reference, image)]
    return structural_similarity(*grey, data_range=255)


def noisy(image, random, strength):
    noise = random.normal(0.0, strength, image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("strength", [0.3, 5.0, 60.0])
def test_it_equals_scikit_image_on_random_images(size, strength):
    random = np.random.default_rng(3)
    for _ in range(10):
        reference = random.integers(0, 256, (*size, 3), np.uint8)
        image = noisy(reference, random, strength)
        assert ssim.measure(reference, image) == pytest.approx(
            by_scikit_image(reference, image), abs=1e-6
        )


@pytest.mark.parametrize("size", SIZES)
def test_it_equals_scikit_image_on_smooth_images(size):
    random = np.random.default_rng(4)
    rows, columns = np.mgrid[: size[0], : size[1]]
    ramp = (rows * 255 // size[0] + columns) // 2
    reference = np.stack([ramp, ramp // 2, 255 - ramp], axis=-1).astype(np.uint8)
    image = noisy(reference, random, 2.0)
    assert ssim.measure(reference, image) == pytest.approx(
        by_scikit_image(reference, image), abs=1e-6
    )


@pytest.mark.parametrize("levels", [(0, 0), (0, 255), (255, 255), (128, 129), (1, 0)])
def test_it_equals_scikit_image_on_flat_images(levels):
    reference, image = (np.full((31, 29, 3), level, np.uint8) for level in levels)
    assert ssim.measure(reference, image) == pytest.approx(
        by_scikit_image(reference, image), abs=1e-6
    )


def test_equal_images_have_exactly_one():
    image = np.random.default_rng(5).integers(0, 256, (50, 60, 3), np.uint8)
    assert ssim.measure(image, image.copy()) == 1.0


@pytest.mark.parametrize("size", [(6, 100), (100, 6), (1, 1)])
def test_images_below_seven_pixels_are_refused(size):
    image = np.zeros((*size, 3), np.uint8)
    with pytest.raises(ValueError, match="at least 7 pixels"):
        ssim.measure(image, image)


def test_a_reference_changed_in_place_is_measured_anew():
    reference, image = np.random.default_rng(6).integers(0, 256, (2, 30, 30, 3), np.uint8)
    ssim.measure(reference, image)
    reference[:] = image
    assert ssim.measure(reference, image) == 1.0
