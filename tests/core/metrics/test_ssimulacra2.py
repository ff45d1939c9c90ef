import numpy as np
import PIL.Image
import pytest
from ssimulacra2 import compute_ssimulacra2

from core.metrics import ssimulacra2


@pytest.fixture
def images():
    random = np.random.default_rng(7)
    reference = np.kron(random.integers(0, 256, (12, 9, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    noise = random.normal(0.0, 12.0, reference.shape)
    return reference, np.clip(reference + noise, 0, 255).astype(np.uint8)


def test_it_equals_the_library_on_files(images, tmp_path):
    paths = [str(tmp_path / name) for name in ("reference.png", "image.png")]
    for path, image in zip(paths, images, strict=True):
        PIL.Image.fromarray(image).save(path)
    assert ssimulacra2.measure(*images) == compute_ssimulacra2(*paths)


def test_equal_images_score_one_hundred(images):
    assert ssimulacra2.measure(images[0], images[0].copy()) == 100.0


def test_more_noise_scores_lower(images):
    reference, image = images
    noisier = np.clip(reference + 3.0 * (image.astype(float) - reference), 0, 255)
    assert ssimulacra2.measure(reference, image) > ssimulacra2.measure(
        reference, noisier.astype(np.uint8)
    )


def test_images_below_eight_pixels_are_refused():
    image = np.zeros((7, 20, 3), np.uint8)
    with pytest.raises(ValueError, match="at least 8 pixels"):
        ssimulacra2.measure(image, image)
