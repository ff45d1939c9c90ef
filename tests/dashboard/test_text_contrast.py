"""Text on every page has, as painted, a contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.waiting import PATIENCE_MS

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.parent.name for path in (ROOT / "dashboard/views").glob("*/page.py"))
MIN_CONTRAST = 4.5
WHOLE = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState
    === 'notRunning' && !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')"""
#: Texts with a lower contrast than asked for, worst first. What is disabled, a symbol, or a number
#: above the thumb of a slider (which is painted beside its parents) is left out.
WORST_TEXTS = """(least) => {
    const parsed = (color) => {
        const [red, green, blue, opacity = 1] = color.match(/[\\d.]+/g).map(Number);
        return [red, green, blue, opacity];
    };
    const over = (front, back) =>
        [0, 1, 2].map((part) => front[3] * front[part] + (1 - front[3]) * back[part]);
    const luminance = (color) => {
        const [red, green, blue] = color.map((value) => value / 255).map((value) =>
            value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const page = parsed(getComputedStyle(document.querySelector(".stApp")).backgroundColor);
    const parents = function* (element) {
        for (let one = element; one; one = one.parentElement) yield getComputedStyle(one);
    };
    const background = (element) => {
        const layers = [];
        for (const style of parents(element)) {
            layers.push(parsed(style.backgroundColor));
            if (layers.at(-1)[3] >= 1) break;
        }
        return layers.reverse().reduce((below, layer) => over(layer, below), page.slice(0, 3));
    };
    const skipped =
        "style, script, noscript, [disabled], [aria-disabled=true], [data-testid=stIconMaterial]," +
        " [data-testid=stSliderThumbValue], [data-testid=stSliderTickBar]";
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode.textContent.trim();
        const element = texts.currentNode.parentElement;
        const box = element.getBoundingClientRect();
        if (!text || element.closest(skipped) || box.width < 2 || box.height < 2) continue;
        if (element.closest("label")?.querySelector("input:disabled")) continue;
        const style = getComputedStyle(element);
        let opacity = 1;
        for (const parent of parents(element)) opacity *= parent.opacity;
        if (style.visibility === "hidden" || opacity < 0.05) continue;
        const isDrawn = element.closest("svg") && style.fill !== "none";
        const color = parsed(isDrawn ? style.fill : style.color);
        color[3] *= opacity;
        const behind = background(element);
        const [dark, light] = [luminance(over(color, behind)), luminance(behind)].sort(
            (first, second) => first - second);
        const contrast = (light + 0.05) / (dark + 0.05);
        if (contrast < least) found.push([contrast.toFixed(2), text.slice(0, 60)]);
    }
    return found.sort((first, second) => first[0] - second[0]);
}"""
GROUND = "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("name", PAGES)
def test_every_text_of_a_page_can_be_read(
    browser: Browser,
    shipped_url: str,
    name: str,
    draw_everything: Callable[[Page], None],
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 3000}, color_scheme="light")
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{shipped_url}/{name}")
    page.locator("h1").first.wait_for()
    grounds = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        draw_everything(page)
        page.wait_for_function(WHOLE)
        grounds.append(page.evaluate(GROUND))
        low = page.evaluate(WORST_TEXTS, 21.1)
        assert len(low) > 20, "the page has texts, and they are seen"
        assert [row for row in low if float(row[0]) < MIN_CONTRAST] == []
    assert len(set(grounds)) == 2
    page.close()
