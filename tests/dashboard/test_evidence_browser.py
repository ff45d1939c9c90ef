"""The pages of the group Evidence in a real browser, on the artifacts that ship."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.page_layout import covered_titles, wait_for_layout
from tests.waiting import PATIENCE_MS

PAGES = ("trials", "training", "models", "data")
SCREEN, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_best_trial_of_each_search_is_read_on_the_first_screen(
    shipped_url: str, page: Page
) -> None:
    page.goto(f"{shipped_url}/trials")
    table = page.get_by_test_id("stTable").first
    table.wait_for()
    rows = table.locator("tbody tr")
    assert rows.count() == 3
    for place in range(3):
        assert "score" in rows.nth(place).inner_text()
        assert "trial " in rows.nth(place).inner_text()
    assert _bottom(page, "[data-testid=stTable]") < SCREEN["height"] / 2
    sentence = page.get_by_text("nothing better was found", exact=True)
    assert sentence.bounding_box()["y"] < 300  # type: ignore[index]
    # Both charts begin on the first screen, too.
    page.locator(".js-plotly-plot").nth(1).wait_for()
    tops = [_top(page, place) for place in (0, 1)]
    assert max(tops) < SCREEN["height"] - 150


def test_a_link_to_a_study_and_a_plot_opens_them_and_a_click_changes_the_address(
    shipped_url: str, page: Page, draw_everything: Callable[[Page], None]
) -> None:
    page.goto(f"{shipped_url}/trials?study=ae40&plot=Slices")
    page.get_by_role("heading", name="Trials", exact=True).wait_for()
    draw_everything(page)
    page.get_by_text("Score against each parameter").wait_for()
    page.get_by_role("radio", name="Ranks").click()
    page.get_by_text("coloured by the rank").wait_for()
    query = parse_qs(urlparse(page.url).query)
    assert query["plot"] == ["Ranks"]
    assert query["study"] == ["Autoencoder, 2 layers (40x40)"]


def test_a_tick_adds_to_the_chosen_trials_after_the_table_got_another_order(
    shipped_url: str, page: Page, draw_everything: Callable[[Page], None]
) -> None:
    page.goto(f"{shipped_url}/trials?study=ae40&ae40-chosen=13")
    page.get_by_role("heading", name="Trials", exact=True).wait_for()
    draw_everything(page)
    table = page.locator(".st-key-ae40-table")
    ticked = table.locator("canvas [role=row][aria-selected=true]")
    expect(ticked).to_have_attribute("aria-rowindex", "3", timeout=PATIENCE_MS)
    page.get_by_role("combobox", name="Sort").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(ticked).to_have_attribute("aria-rowindex", "10", timeout=PATIENCE_MS)
    head = row = 35
    table.get_by_test_id("stDataFrame").click(position={"x": 18, "y": head + 2.5 * row})
    for number in (2, 13):
        page.get_by_role("button", name=f"Remove {number}", exact=True).wait_for()


def test_how_a_model_was_trained_opens_that_run_alone(
    shipped_url: str, page: Page, draw_everything: Callable[[Page], None]
) -> None:
    page.goto(f"{shipped_url}/models?model=Autoencoder%2C+3+layers+%2820x20%29")
    page.get_by_role("link", name="How it was trained").click()
    page.get_by_role("heading", name="Training", exact=True).wait_for()
    draw_everything(page)
    page.locator(".js-plotly-plot .legendtext").first.wait_for()
    names = set(page.locator(".js-plotly-plot .legendtext").all_text_contents())
    # A training that counts units that do not fire has a chart of them, too.
    assert names - {"Dead", "Rare"} == {"Autoencoder, 3 layers (20x20), validation"}


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_scrolls_down_only_and_charts_have_its_width(
    shipped_url: str, browser: Browser, name: str, draw_everything: Callable[[Page], None]
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{shipped_url}/{name}")
    page.get_by_role("heading", level=1).wait_for()
    draw_everything(page)
    page.locator(".js-plotly-plot .main-svg").first.wait_for(state="attached")
    wait_for_layout(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth") <= PHONE["width"]
    widths = page.locator(".js-plotly-plot").evaluate_all(
        "plots => plots.map(plot => plot.getBoundingClientRect().width)"
    )
    assert min(width for width in widths if width) > 300
    assert covered_titles(page) == []
    assert page.get_by_test_id("stException").count() == 0
    page.close()


def _bottom(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def _top(page: Page, place: int) -> float:
    box = page.locator(".js-plotly-plot").nth(place).bounding_box()
    assert box is not None
    return box["y"]
