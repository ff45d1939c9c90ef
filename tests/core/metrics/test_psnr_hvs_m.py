import numpy as np
import pytest

from core.metrics import psnr_hvs_m


def pair(strength):
    random = np.random.default_rng(8)
    coarse = random.integers(0, 256, (21, 22, 3))
    reference = np.kron(coarse, np.ones((8, 8, 1)))[:160, :168]
    image = np.clip(reference + random.normal(0.0, strength, reference.shape), 0, 255)
    return reference.astype(np.uint8), image.astype(np.uint8)


# By psnr_hvsm 0.3.0 (https://pypi.org/project/psnr-hvsm), its NumPy and its C++ part alike, on the
# unrounded luma divided by 255; that library is checked against the authors' values on TID2013.
@pytest.mark.parametrize(
    ("strength", "expected"),
    [(3.0, 43.05097557136349), (15.0, 30.180552990708698), (60.0, 18.70945364561044)],
)
def test_it_equals_an_independent_implementation(strength, expected):
    assert psnr_hvs_m.measure(*pair(strength)) == pytest.approx(expected, abs=1e-9)


def test_equal_images_have_100_decibels():
    reference, _ = pair(3.0)
    assert psnr_hvs_m.measure(reference, reference.copy()) == 100.0


def test_a_texture_masks_noise_that_is_seen_on_a_flat_area():
    random = np.random.default_rng(5)
    noise = random.normal(0, 8, (64, 64, 1))
    flat, texture = np.full((64, 64, 3), 128.0), random.integers(60, 190, (64, 64, 1)) * np.ones(3)
    values = [
        psnr_hvs_m.measure(plane.astype(np.uint8), np.clip(plane + noise, 0, 255).astype(np.uint8))
        for plane in (flat, texture)
    ]
    assert values[1] > values[0] + 3


def test_a_change_of_the_mean_is_never_masked():
    random = np.random.default_rng(6)
    texture = random.integers(60, 190, (64, 64, 1)).astype(np.uint8) * np.ones(3, np.uint8)
    lighter = texture + np.uint8(6)
    assert psnr_hvs_m.measure(texture, lighter) == pytest.approx(
        20 * np.log10(255 / (6 * 8 * 1.608443 / 8)), abs=1e-6
    )


def test_pixels_beyond_the_last_whole_block_are_not_seen():
    reference, image = pair(15.0)
    changed = image.copy()
    padded = np.pad(reference, ((0, 5), (0, 3), (0, 0)))
    assert psnr_hvs_m.measure(
        padded, np.pad(changed, ((0, 5), (0, 3), (0, 0)), constant_values=9)
    ) == psnr_hvs_m.measure(reference, image)
