"""The comparison viewer in a real browser: keys, pointer, wheel and fingers."""

import numpy as np
import pytest

from tests.dashboard.widgets.comparison_viewer.viewer_page import ORIGINAL, OpenViewer

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_viewer_opens_with_the_original_and_the_layer_after_it(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    assert (viewer.state("a"), viewer.state("b")) == ("Original", "<b>JPEG</b>")


def test_dragging_on_a_whole_image_moves_the_wipe(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    x, y = viewer.middle()
    viewer.page.mouse.move(x, y)
    viewer.page.mouse.down()
    viewer.page.mouse.move(x - 100, y, steps=4)
    viewer.page.mouse.up()
    width = 64 * float(viewer.state("zoom"))
    assert float(viewer.state("wipe")) == pytest.approx(0.5 - 100 / width, abs=0.01)


def test_holding_o_shows_the_original_until_it_is_let_go(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.press("d")
    viewer.page.keyboard.down("o")
    assert viewer.state("holding") == "true"
    np.testing.assert_array_equal(viewer.image(), ORIGINAL)
    viewer.page.keyboard.up("o")
    assert viewer.state("holding") == "false"
    box = viewer.page.get_by_role("button", name="Original").bounding_box()
    viewer.page.mouse.move(box["x"] + 5, box["y"] + 5)
    viewer.page.mouse.down()
    assert viewer.state("holding") == "true"
    viewer.page.mouse.up()
    assert viewer.state("holding") == "false"


def test_keys_reach_the_viewer_and_not_streamlit(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    before = viewer.runs()
    viewer.press(*"rcwsfd123", "Shift+Digit2", "x", "?", "Shift+ArrowLeft")
    viewer.page.wait_for_timeout(500)
    assert viewer.runs() == before
    assert viewer.page.get_by_role("dialog").count() == 0
    assert (viewer.state("a"), viewer.state("b")) == ("Learned", "<b>JPEG</b>")
    assert viewer.root.locator(".help").is_visible()


def test_keys_without_the_focus_do_nothing(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.keyboard.press("d")
    viewer.page.keyboard.press("3")
    assert viewer.state("mode") == "wipe"


def test_the_wheel_scrolls_the_page_until_the_viewer_has_the_focus(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    zoom = viewer.state("zoom")
    viewer.page.mouse.move(*viewer.middle())
    viewer.page.mouse.wheel(0, 30)
    viewer.page.wait_for_timeout(300)
    assert viewer.state("zoom") == zoom
    assert viewer.root.locator(".wheel-hint").evaluate("node => node.dataset.shown") == "true"
    viewer.stage.focus()
    viewer.page.mouse.move(*viewer.middle())
    viewer.page.mouse.wheel(0, -200)
    assert float(viewer.state("zoom")) > float(zoom)


def test_two_fingers_zoom_and_one_does_not_scroll(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(width=390, has_touch=True, is_mobile=True, device_scale_factor=3)
    assert viewer.state("mode") == "wipe"
    zoom = float(viewer.state("zoom"))
    x, y = viewer.middle()
    client = viewer.page.context.new_cdp_session(viewer.page)
    for kind, spread in (
        ("touchStart", 30),
        ("touchMove", 45),
        ("touchMove", 60),
        ("touchEnd", None),
    ):
        points = [] if spread is None else [{"x": x - spread, "y": y}, {"x": x + spread, "y": y}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert float(viewer.state("zoom")) == pytest.approx(2 * zoom, rel=0.05)
