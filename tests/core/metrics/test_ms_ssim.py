import warnings

import numpy as np
import pytest

from core.metrics import ms_ssim, ms_ssim_4
from core.metrics.multi_scale_ssim import EXPONENTS, MultiScaleSsim


def pair(size, strength=15.0):
    random = np.random.default_rng(8)
    coarse = random.integers(0, 256, (size[0] // 8 + 1, size[1] // 8 + 1, 3))
    reference = np.kron(coarse, np.ones((8, 8, 1)))[: size[0], : size[1]]
    image = np.clip(reference + random.normal(0.0, strength, reference.shape), 0, 255)
    return reference.astype(np.uint8), image.astype(np.uint8)


# By pytorch-msssim 1.0.0, `ms_ssim(x, y, data_range=255)` on float64, whose window is float32.
@pytest.mark.parametrize(
    ("size", "strength", "expected"),
    [
        ((176, 176), 3.0, 0.9993524324511484),
        ((176, 176), 60.0, 0.9072140922298209),
        ((192, 208), 15.0, 0.9888634783345404),
        ((256, 320), 15.0, 0.9883924604850414),
    ],
)
def test_it_equals_pytorch_msssim_where_all_sides_are_even(size, strength, expected):
    assert ms_ssim.measure(*pair(size, strength)) == pytest.approx(expected, abs=2e-7)


def test_equal_images_have_one():
    reference, _ = pair((176, 200))
    assert ms_ssim.measure(reference, reference.copy()) == pytest.approx(1.0, abs=1e-12)


def test_the_exponents_are_those_of_the_paper():
    assert sum(ms_ssim.EXPONENTS) == pytest.approx(1.0, abs=1e-4)


def test_the_smallest_image_has_176_pixels():
    with pytest.raises(ValueError, match="at least 176 pixels"):
        ms_ssim.measure(*pair((175, 300)))


def test_five_scales_need_sides_above_160_which_both_definitions_say():
    similarity = MultiScaleSsim(EXPONENTS, smallest_side=1)
    assert 0.0 < similarity(*pair((161, 161))) < 1.0
    with np.errstate(invalid="ignore"), warnings.catch_warnings(action="ignore"):
        assert np.isnan(similarity(*pair((160, 160))))  # the coarsest scale has no window left
    for definition in (ms_ssim.DEFINITION, ms_ssim_4.DEFINITION):
        assert "sides above 160 pixels" in definition
    assert f"measured here from {ms_ssim.SMALLEST_SIDE}" in ms_ssim.DEFINITION


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("size", [(176, 176), (177, 301), (250, 200)])
def test_it_equals_tensorflow_also_where_sides_are_odd(size):
    import tensorflow as tf

    reference, image = pair(size)
    expected = tf.image.ssim_multiscale(tf.constant(reference), tf.constant(image), 255)
    assert ms_ssim.measure(reference, image) == pytest.approx(float(expected), abs=1e-4)
