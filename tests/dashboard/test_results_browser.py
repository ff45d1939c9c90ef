"""What a reviewer does with the results, in a real browser on the results that ship."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core.dataset.splits import DEFAULT
from core.store import ArtifactStore
from dashboard.views.rate_distortion.controls import SHOWN_FIRST
from tests.dashboard.page_layout import covered_titles, wait_for_layout
from tests.waiting import PATIENCE_MS

PAGES = ("findings", "rate_distortion", "speed")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".stPlotlyChart .main-svg").first.wait_for()


def _top(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["y"]


def _expect_curves(page: Page, labels: list[str]) -> None:
    expect(page.locator(".legendtext")).to_have_text(labels, timeout=PATIENCE_MS)


def test_the_first_screen_shows_three_figures_and_the_top_of_the_curve(
    page: Page, shipped_url: str
) -> None:
    _open(page, shipped_url)
    assert page.title() == "Findings · Bottleneck"
    expect(page.get_by_test_id("stMetric")).to_have_count(3, timeout=PATIENCE_MS)
    assert _top(page, "[data-testid=stMetric]") < 300
    assert _top(page, ".stPlotlyChart") < 500


def test_a_reviewer_asks_for_two_methods_and_opens_exactly_their_curves(
    page: Page, shipped_url: str
) -> None:
    _open(
        page,
        f"{shipped_url}/findings?first=Autoencoder%2C+1+layer+%2880x80%29&second=JPEG%2C+quality+75",
    )
    sentence = page.get_by_text("reaches").first
    expect(sentence).to_contain_text("times the bytes", timeout=PATIENCE_MS)
    page.get_by_role("link", name="Both curves").click()
    page.get_by_role("heading", name="Rate-distortion").wait_for()
    _expect_curves(page, ["Autoencoder, 1 layer (80x80)", "JPEG"])


def test_the_link_of_a_claim_shows_the_curves_that_it_names(
    page: Page, shipped_url: str, draw_everything: Callable[[Page], None]
) -> None:
    _open(page, f"{shipped_url}/findings")
    draw_everything(page)
    page.get_by_role("link", name="See the curves").nth(1).click()
    page.get_by_role("heading", name="Rate-distortion").wait_for()
    _expect_curves(page, ["Autoencoder, 2 layers (40x40)", "WebP"])


def test_the_bytes_at_32_decibels_stand_on_the_first_screen(
    page: Page, shipped_url: str, draw_everything: Callable[[Page], None]
) -> None:
    _open(page, f"{shipped_url}/rate_distortion")
    expect(page.locator(".annotation-text").first).to_have_text("32.00 dB", timeout=PATIENCE_MS)
    draw_everything(page)
    page.get_by_text("Lossless formats").wait_for()
    assert page.locator('input[aria-label="At PSNR (dB)"]').input_value() == "32.00"
    box = page.get_by_test_id("stTable").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 900


def test_codecs_are_taken_away_one_by_one_after_the_range_was_moved(
    page: Page, shipped_url: str
) -> None:
    _open(page, f"{shipped_url}/rate_distortion?rates=0.1&rates=5")
    crosses = page.get_by_test_id("stMultiSelect").first.locator('[aria-label^="Remove"]')
    stored = ArtifactStore.default()
    shown = [name for name in SHOWN_FIRST if stored.exists(f"results/{DEFAULT}/{name}")]
    for left in range(len(shown) - 1, 1, -1):
        crosses.first.click()
        expect(crosses).to_have_count(left, timeout=PATIENCE_MS)
        expect(page.locator(".legendtext")).to_have_count(left, timeout=PATIENCE_MS)
        page.locator("[data-test-script-state=notRunning]").wait_for()
        assert page.get_by_test_id("stException").count() == 0
    _expect_curves(page, ["JPEG XL", "JPEG 2000"])


def test_text_in_charts_has_the_colour_of_the_page(page: Page, shipped_url: str) -> None:
    _open(page, f"{shipped_url}/rate_distortion")
    colors = page.evaluate(
        """() => ['.xtick text', '.legendtext', '.xtitle'].map(
            part => getComputedStyle(document.querySelector('.stPlotlyChart ' + part)).fill)"""
    )
    own = page.evaluate("getComputedStyle(document.querySelector('.stMarkdown, h1')).color")
    assert set(colors) == {own}


@pytest.mark.parametrize("view", PAGES)
def test_on_a_phone_nothing_is_wider_than_the_screen(
    page: Page, shipped_url: str, view: str, draw_everything: Callable[[Page], None]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _open(page, f"{shipped_url}/{view}")
    draw_everything(page)
    wait_for_layout(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert covered_titles(page) == []


def test_a_chart_is_saved_as_a_png_with_a_name(page: Page, shipped_url: str) -> None:
    _open(page, f"{shipped_url}/rate_distortion")
    chart = page.locator(".stPlotlyChart").first
    chart.hover()
    with page.expect_download() as saved:
        chart.locator('[data-title*="png" i], [data-title*="Download plot" i]').first.click()
    assert saved.value.suggested_filename == "bottleneck-imagenette160-psnr_db.png"


def test_on_a_phone_the_matrix_of_all_pairs_scrolls_within_its_frame(
    page: Page, shipped_url: str, draw_everything: Callable[[Page], None]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _open(page, f"{shipped_url}/rate_distortion")
    draw_everything(page)
    page.get_by_text("Every codec against every other").click()
    page.locator(".st-key-matrix .main-svg").first.wait_for()
    wait_for_layout(page)
    frame = page.locator(".st-key-scrolled")
    assert frame.evaluate("frame => frame.scrollWidth > 2 * frame.clientWidth")
    columns = page.locator(".st-key-matrix .textpoint").count() ** 0.5
    matrix = page.locator(".st-key-matrix .js-plotly-plot")
    assert matrix.evaluate("chart => chart._fullLayout._size.w") >= 34 * columns > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
