"""The comparison viewer in a real browser: texts, themes and narrow screens."""

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
    assert viewer.page.get_by_role("button", name="Swap twice a second").is_disabled()
    lively = open_viewer()
    lively.press("f")
    lively.page.get_by_role("button", name="Swap twice a second").click()
    lively.page.locator(".viewer[data-shown=b]").wait_for(timeout=3000)
