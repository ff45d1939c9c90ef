import io

import numpy as np
import PIL.Image
import pytest

from core.dataset.compressed_before import block_grid, jpeg_note
from core.dataset.photographs import photographs

TITLES = ("Astronaut (portrait)", "Coffee cup", "Chelsea (cat)")


def smaller(title: str) -> PIL.Image.Image:
    """A photograph at two thirds of its size, which leaves no grid of an earlier file."""
    found = next(one for name, one in photographs().items() if name.startswith(title))
    height, width = found.shape[:2]
    return PIL.Image.fromarray(found).resize((width * 2 // 3, height * 2 // 3))


def as_jpeg(image: PIL.Image.Image, quality: int) -> np.ndarray:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return np.asarray(PIL.Image.open(file))


@pytest.mark.parametrize("title", TITLES)
def test_an_image_that_was_a_jpeg_file_is_told_from_an_original(title: str) -> None:
    image = smaller(title)
    assert jpeg_note(np.asarray(image)) == ""
    for quality in (20, 50, 75):
        assert "probably a JPEG file before" in jpeg_note(as_jpeg(image, quality))


@pytest.mark.parametrize("seed", range(20))
def test_noise_and_flat_images_have_no_grid(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (90, 120, 3), np.uint8)
    assert jpeg_note(noise) == ""
    assert jpeg_note(np.full((90, 120, 3), seed, np.uint8)) == ""


def test_an_image_of_few_blocks_is_not_judged() -> None:
    assert block_grid(np.zeros((60, 300, 3), np.uint8)) == 0.0
    assert block_grid(np.zeros((1, 1, 3), np.uint8)) == 0.0
