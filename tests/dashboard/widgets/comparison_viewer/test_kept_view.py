"""The comparison viewer in a real browser: its view outlives reruns, and links bring it back."""

import urllib.request

import numpy as np
import pytest

from dashboard.widgets.comparison_viewer import ViewerPin
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


def test_a_person_who_pinned_a_view_and_moved_on_is_not_thrown_back(
    open_viewer: OpenViewer,
) -> None:
    viewer = open_viewer()
    viewer.press("s", "2", "+", "Shift+ArrowRight", "p")
    viewer.page.get_by_text('pin ["').wait_for()
    viewer.press("d", "3", "+")
    names = ("mode", "a", "b", "zoom", "x", "y")
    before = {name: viewer.state(name) for name in names}
    runs = viewer.runs()
    viewer.page.get_by_role("slider", name="Image").focus()
    viewer.page.keyboard.press("ArrowRight")
    viewer.page.get_by_text(f"runs {runs + 1}").wait_for()
    viewer.page.wait_for_timeout(500)
    assert "view=" in viewer.page.url
    assert {name: viewer.state(name) for name in names} == before


def _work(viewer: Viewer) -> Viewer:
    """The viewer after the original stood alone for a while, as while codecs work."""
    working = viewer.page.get_by_text("Working", exact=True)
    working.click()
    viewer.page.locator(".viewer[data-ready=true][data-layers='1']").wait_for()
    assert not viewer.page.get_by_role("button", name="Pin").is_visible()
    working.click()
    viewer.page.locator(".viewer[data-ready=true][data-layers='3']").wait_for()
    return Viewer(viewer.page)


def test_the_pair_survives_that_the_original_stands_alone_while_codecs_work(
    open_viewer: OpenViewer,
) -> None:
    viewer = open_viewer()
    viewer.press("3", "+", "+")
    before = {name: viewer.state(name) for name in ("a", "b", "zoom", "mode")}
    assert before["b"] == "Learned"
    again = _work(viewer)
    assert {name: again.state(name) for name in before} == before


def test_a_pinned_view_opens_when_the_codecs_are_done(open_viewer: OpenViewer) -> None:
    pin = ViewerPin("<b>JPEG</b>", "Learned", mode="side")
    viewer = open_viewer("?view=" + urllib.request.quote(pin.text))
    again = _work(viewer)
    assert (again.state("a"), again.state("b")) == ("<b>JPEG</b>", "Learned")
    assert (again.state("mode"), again.state("fitted")) == ("side", "true")


def test_a_view_that_was_pinned_whole_is_whole_on_a_small_screen(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.press("p")
    sent = viewer.page.get_by_text('pin ["')
    sent.wait_for()
    text = sent.inner_text().removeprefix("pin ")
    assert ViewerPin.parse(text).zoom == 0
    small = open_viewer("?view=" + urllib.request.quote(text), width=390)
    assert small.state("fitted") == "true"


def test_images_that_a_browser_cannot_decode_are_not_left_under_the_new_names(
    open_viewer: OpenViewer,
) -> None:
    viewer = open_viewer()
    viewer.page.evaluate(
        "() => { window.createImageBitmap = () => Promise.reject(new Error('memory')); }"
    )
    viewer.page.get_by_role("slider", name="Image").focus()
    viewer.page.keyboard.press("ArrowRight")
    viewer.page.get_by_role("alert").get_by_text("could not decode the images").wait_for()
    assert not viewer.stage.is_visible()


def test_an_unmounted_viewer_leaves_nothing_running(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    blinking = viewer.root.evaluate("root => root.parentNode.comparisonViewer.blinking")
    viewer.page.evaluate(
        """() => {
          window.cleared = [];
          const clear = window.clearInterval.bind(window);
          window.clearInterval = id => { window.cleared.push(id); clear(id); };
        }"""
    )
    viewer.page.get_by_text("Viewer", exact=True).click()
    viewer.root.wait_for(state="detached")
    viewer.page.wait_for_function("id => window.cleared.includes(id)", arg=blinking)
