"""The comparison viewer in a real browser: texts, themes and narrow screens."""

import io

import numpy as np
import PIL.Image
import pytest

from tests.dashboard.widgets.comparison_viewer.viewer_page import OpenViewer

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_figures_show_which_of_the_two_is_better(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.press("Shift+Digit2", "3")
    tile = viewer.root.locator(".readout li", has_text="PSNR")
    assert tile.locator("strong").inner_text() == "33.50 dB"
    assert tile.locator(".delta").inner_text() == "+3.50"
    assert (
        viewer.root.locator(".readout li", has_text="Bytes").locator(".delta").inner_text()
        == "\u221250.0 %"
    )
    viewer.root.locator(".live", has_text="33.50 dB").wait_for(state="attached")


def test_names_are_shown_as_written(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.press("2")
    assert viewer.root.locator(".tag.right").first.inner_text().split("\n")[-1] == "<b>JPEG</b>"


@pytest.mark.parametrize("mode", "wsfd")
def test_a_phone_shows_the_whole_viewer_without_sideways_scrolling(
    open_viewer: OpenViewer, mode: str
) -> None:
    viewer = open_viewer(width=390)
    viewer.press(mode)
    viewer.state("ready")
    room = viewer.root.evaluate("node => [node.scrollWidth, node.clientWidth]")
    assert room[0] <= room[1]
    outside = viewer.root.evaluate(
        """root => [...root.querySelectorAll("button, select, input, canvas")]
          .filter(node => node.offsetParent && node.getBoundingClientRect().right > innerWidth)
          .map(node => node.outerHTML)"""
    )
    assert outside == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_controls_follow_the_theme_and_the_surround_stays_neutral(
    open_viewer: OpenViewer, theme: str
) -> None:
    viewer = open_viewer(color_scheme=theme)
    colors = viewer.root.evaluate(
        """root => ["color", "backgroundColor"].map(
          name => getComputedStyle(root.querySelector(".picker select"))[name])"""
    )
    ink, paper = (sum(map(float, color[4:-1].split(","))) for color in colors)
    assert (ink < paper) == (theme == "light")
    assert viewer.pixels()[0, 0].tolist() == [128, 128, 128]


def test_blinking_stays_off_for_readers_who_asked_for_calm(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(reduced_motion="reduce")
    viewer.press("f")
    assert viewer.page.get_by_role("button", name="Automatic").is_disabled()
    lively = open_viewer()
    lively.press("f")
    lively.page.get_by_role("button", name="Automatic").click()
    lively.page.locator(".viewer[data-shown=b]").wait_for(timeout=3000)


@pytest.mark.parametrize("width", [390, 1280])
def test_buttons_are_called_what_they_show(open_viewer: OpenViewer, width: int) -> None:
    viewer = open_viewer(width=width)
    for name in ("Wipe", "Fit", "1:1", "Original", "Snapshot", "Pin"):
        viewer.page.get_by_role("button", name=name, exact=True).wait_for()
    pin = viewer.page.get_by_role("button", name="Pin", exact=True)
    assert pin.get_attribute("title") == "Pin this view (P)"


def test_where_full_screen_is_impossible_it_is_not_offered(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    button = viewer.page.get_by_role("button", name="Full screen", exact=True)
    assert button.is_visible()
    blind = open_viewer(
        script="Object.defineProperty(document, 'fullscreenEnabled', {value: false})"
    )
    blind.press("?")
    blind.root.locator(".help").wait_for()
    assert not blind.page.get_by_role("button", name="Full screen", exact=True).is_visible()
    assert "full screen" not in blind.root.locator(".help").inner_text()


def test_forced_colours_show_the_chosen_mode_and_the_slider(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(forced_colors="active")
    backgrounds = viewer.root.locator(".modes button").evaluate_all(
        "nodes => nodes.map(node => getComputedStyle(node).backgroundColor)"
    )
    assert backgrounds[0] not in backgrounds[1:]
    slider = viewer.page.get_by_role("slider", name="Wipe").screenshot()
    assert len(np.unique(np.asarray(PIL.Image.open(io.BytesIO(slider)).convert("L")))) > 2
