import numpy as np
import pytest

from core.dataset.splits import sample_images
from dashboard.views.gallery.tiles import differs, lost_words, magnified

PHOTOGRAPH = sample_images()["Chelsea (cat)"][:160, :160]


def test_blur_loses_detail_and_grey_loses_colour() -> None:
    blurred = np.repeat(np.repeat(PHOTOGRAPH[::4, ::4], 4, axis=0), 4, axis=1)
    grey = np.repeat(PHOTOGRAPH.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    assert lost_words(PHOTOGRAPH, PHOTOGRAPH) == ["detail +0 %, colour +0 %"]
    assert lost_words(PHOTOGRAPH, grey)[0].endswith("colour -100 %")
    noisy = np.random.default_rng(1).integers(0, 256, PHOTOGRAPH.shape, np.uint8)
    assert lost_words(PHOTOGRAPH, noisy)[0].startswith("detail +")
    assert lost_words(PHOTOGRAPH, blurred) != lost_words(PHOTOGRAPH, PHOTOGRAPH)


def test_an_image_without_detail_or_colour_has_nothing_to_lose() -> None:
    assert lost_words(np.full((160, 160, 3), 90, np.uint8), PHOTOGRAPH) == []


def test_the_middle_is_shown_with_each_pixel_a_square() -> None:
    shown = magnified(PHOTOGRAPH)
    assert shown.shape == PHOTOGRAPH.shape
    np.testing.assert_array_equal(shown[::4, ::4], PHOTOGRAPH[60:100, 60:100])
    np.testing.assert_array_equal(shown[3::4, 3::4], PHOTOGRAPH[60:100, 60:100])


@pytest.mark.parametrize(
    ("recorded", "expected"), [(None, False), (float("nan"), False), (48.13, False), (47.9, True)]
)
def test_an_image_differs_from_its_record_only_beyond_rounding(
    recorded: float | None, expected: bool
) -> None:
    decoded = PHOTOGRAPH ^ 1  # an error of one everywhere: 20 log10(255) = 48.1308 dB
    assert differs(PHOTOGRAPH, decoded, recorded) == expected
