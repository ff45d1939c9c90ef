"""The comparison viewer in a real browser: which pixels it shows."""

import numpy as np
import pytest

from tests.dashboard.widgets.comparison_viewer.viewer_page import (
    INVERTED,
    LEARNED,
    ORIGINAL,
    OpenViewer,
    random_image,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("density", [1, 1.25, 3])
def test_each_image_pixel_covers_a_square_of_screen_pixels_of_its_colour(
    open_viewer: OpenViewer, density: float
) -> None:
    viewer = open_viewer(device_scale_factor=density)
    viewer.press("f", "3")
    np.testing.assert_array_equal(viewer.image(), LEARNED)
    viewer.press(" ")
    np.testing.assert_array_equal(viewer.image(), ORIGINAL)
    viewer.page.get_by_role("button", name="1:1").click()
    assert viewer.state("zoom") == "1"
    np.testing.assert_array_equal(viewer.image(), ORIGINAL)


def test_an_image_of_odd_size_is_exact_too(open_viewer: OpenViewer) -> None:
    viewer = open_viewer("?size=odd")
    viewer.press("f")
    np.testing.assert_array_equal(viewer.image(shape=(53, 41)), random_image(1, (53, 41)))


def test_the_wipe_shows_a_on_its_left_and_b_on_its_right(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft")
    assert float(viewer.state("wipe")) == pytest.approx(0.54)
    image = viewer.pixels()
    zoom = int(float(viewer.state("zoom")))
    left, top = (image.shape[1] - 64 * zoom) // 2, (image.shape[0] - 48 * zoom) // 2
    line = left + round(0.54 * 64 * zoom)
    a, b = (np.kron(layer, np.ones((zoom, zoom, 1), np.uint8)) for layer in (ORIGINAL, INVERTED))
    rows = slice(top, top + 48 * zoom)
    np.testing.assert_array_equal(image[rows, left : line - 1], a[:, : line - 1 - left])
    np.testing.assert_array_equal(image[rows, line + 1 : left + 64 * zoom], b[:, line + 1 - left :])
    viewer.page.get_by_role("slider", name="Wipe").fill("25")
    assert float(viewer.state("wipe")) == pytest.approx(0.25)


def test_side_by_side_shows_both_at_one_zoom(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.press("s", "2")
    np.testing.assert_array_equal(viewer.image("first"), ORIGINAL)
    np.testing.assert_array_equal(viewer.image("second"), INVERTED)


def test_the_difference_is_computed_from_the_exact_pixels(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.press("d")
    a, b = ORIGINAL.astype(int), INVERTED.astype(int)
    np.testing.assert_array_equal(viewer.image(), np.clip(8 * abs(b - a), 0, 255))
    viewer.page.get_by_role("slider", name="Gain").fill("3")
    viewer.page.locator("[data-value=signed]").click()
    np.testing.assert_array_equal(viewer.image(), np.clip(128 + 3 * (b - a), 0, 255))
    assert "3 \u00d7 (B \u2212 A)" in viewer.root.locator(".formula").inner_text()


def test_the_probe_reads_the_pixel_under_the_pointer(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    zoom = float(viewer.state("zoom"))
    x, y = viewer.middle()
    viewer.page.mouse.move(x + (20.5 - 32) * zoom, y + (7.5 - 24) * zoom)
    text = viewer.root.locator(".values").inner_text().replace("\u2007", " ").replace("\u2212", "-")
    numbers = [
        int(word) for word in text.replace("B - A", " ").split() if word.strip("+-").isdigit()
    ]
    a, b = ORIGINAL[7, 20].astype(int), INVERTED[7, 20].astype(int)
    assert numbers == [20, 7, *a, *b, *(b - a)]
