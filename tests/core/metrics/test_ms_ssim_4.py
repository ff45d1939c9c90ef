import numpy as np
import pytest

from core.metrics import ms_ssim_4


def pair(size, strength=15.0):
    random = np.random.default_rng(8)
    coarse = random.integers(0, 256, (size[0] // 8 + 1, size[1] // 8 + 1, 3))
    reference = np.kron(coarse, np.ones((8, 8, 1)))[: size[0], : size[1]]
    image = np.clip(reference + random.normal(0.0, strength, reference.shape), 0, 255)
    return reference.astype(np.uint8), image.astype(np.uint8)


def test_the_exponents_sum_to_one():
    assert sum(ms_ssim_4.EXPONENTS) == pytest.approx(1.0, abs=1e-15)


def test_equal_images_have_one():
    reference, _ = pair((160, 160))
    assert ms_ssim_4.measure(reference, reference.copy()) == pytest.approx(1.0, abs=1e-12)


def test_more_noise_scores_lower():
    scores = [ms_ssim_4.measure(*pair((100, 120), strength)) for strength in (3.0, 15.0, 60.0)]
    assert scores == sorted(scores, reverse=True)


def test_a_negative_image_counts_as_zero():
    reference, _ = pair((160, 160))
    assert ms_ssim_4.measure(reference, 255 - reference) == 0.0


def test_the_smallest_image_has_81_pixels():
    assert 0.0 < ms_ssim_4.measure(*pair((81, 81))) < 1.0
    with pytest.raises(ValueError, match="at least 81 pixels"):
        ms_ssim_4.measure(*pair((80, 200)))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("size", [(160, 160), (161, 173), (81, 250), (256, 200)])
def test_it_equals_tensorflow_with_the_same_four_exponents(size):
    import tensorflow as tf

    reference, image = pair(size)
    expected = tf.image.ssim_multiscale(
        tf.constant(reference), tf.constant(image), 255, power_factors=ms_ssim_4.EXPONENTS
    )
    assert ms_ssim_4.measure(reference, image) == pytest.approx(float(expected), abs=1e-4)
