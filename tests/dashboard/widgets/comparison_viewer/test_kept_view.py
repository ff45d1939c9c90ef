"""The comparison viewer in a real browser: its view outlives reruns, and links bring it back."""

import urllib.request

import numpy as np
import pytest

from tests.dashboard.widgets.comparison_viewer.viewer_page import OpenViewer, Viewer, random_image

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_zoom_place_mode_and_pair_survive_another_image(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.press("f", "2", "+", "+", "Shift+ArrowRight")
    names = ("zoom", "x", "y", "mode", "a", "b", "shown", "fitted")
    before = {name: viewer.state(name) for name in names}
    assert before["fitted"] == "false"
    shown = viewer.pixels()
    runs = viewer.runs()
    viewer.page.get_by_role("slider", name="Image").focus()
    viewer.page.keyboard.press("ArrowRight")
    viewer.page.get_by_text(f"runs {runs + 1}").wait_for()
    viewer.page.wait_for_timeout(500)
    assert {name: viewer.state(name) for name in names} == before
    zoom, seen = int(float(before["zoom"])), viewer.pixels()
    assert not np.array_equal(seen, shown)
    x, y = int(float(before["x"])), int(float(before["y"]))
    left = round(seen.shape[1] / 2 - float(before["x"]) * zoom)
    top = round(seen.shape[0] / 2 - float(before["y"]) * zoom)
    assert (seen[top + y * zoom, left + x * zoom] == 255 - random_image(2)[y, x]).all()


def test_the_view_survives_leaving_and_coming_back(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.press("d", "+", "2")
    zoom = viewer.state("zoom")
    checkbox = viewer.page.get_by_text("Viewer", exact=True)
    checkbox.click()
    viewer.root.wait_for(state="detached")
    checkbox.click()
    again = Viewer(viewer.page)
    assert again.root.count() == 1
    assert (again.state("mode"), again.state("zoom")) == ("difference", zoom)
    assert again.state("b") == "<b>JPEG</b>"


def test_p_sends_the_view_to_python_and_its_link_opens_it_again(
    open_viewer: OpenViewer, url: str
) -> None:
    viewer = open_viewer()
    viewer.press("s", "2", "+", "p")
    sent = viewer.page.get_by_text('pin ["')
    sent.wait_for()
    text = sent.inner_text().removeprefix("pin ")
    again = open_viewer("?view=" + urllib.request.quote(text))
    for name in ("mode", "a", "b", "zoom", "x", "y"):
        assert again.state(name) == viewer.state(name)
    again.press("d")
    again.page.get_by_role("slider", name="Image").focus()
    again.page.keyboard.press("ArrowRight")
    again.page.wait_for_timeout(800)
    assert again.state("mode") == "difference"


def test_an_unmounted_viewer_leaves_nothing_running(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.evaluate(
        """() => {
          window.cleared = 0;
          const clear = window.clearInterval.bind(window);
          window.clearInterval = id => { window.cleared += 1; clear(id); };
        }"""
    )
    viewer.page.get_by_text("Viewer", exact=True).click()
    viewer.root.wait_for(state="detached")
    viewer.page.wait_for_function("window.cleared === 1")
