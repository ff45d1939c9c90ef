"""What browser tests wait for and measure in the layout of a page."""

from playwright.sync_api import Page

_LAYOUT = """() => JSON.stringify([
    document.querySelector('[data-testid=stApp]').dataset.testScriptState,
    ...[document.documentElement, ...document.querySelectorAll(
        '[data-testid=stMain], .js-plotly-plot, .js-plotly-plot .main-svg'
    )].flatMap(part => [part.scrollWidth, part.scrollHeight, part.getBoundingClientRect().width]),
    document.fonts.status,
])"""
_LOOK_MS, _EQUAL_LOOKS = 150, 8

_COVERED_TITLES = """plots => plots.flatMap(plot => {
    const legend = plot.querySelector(".legend")?.getBoundingClientRect();
    if (!legend) return [];
    return [...plot.querySelectorAll(".xtitle")].filter(title => {
        const box = title.getBoundingClientRect();
        return box.top < legend.bottom - 1 && box.bottom > legend.top + 1
            && box.left < legend.right - 1 && box.right > legend.left + 1;
    }).map(title => title.textContent);
})"""


def wait_for_layout(page: Page) -> None:
    """Waits until a page that was drawn has the same sizes for more than a second."""
    seen, equal = "", 0
    while equal < _EQUAL_LOOKS:
        found = page.evaluate(_LAYOUT)
        is_calm = '"notRunning"' in found and '"loaded"' in found
        equal = equal + 1 if is_calm and found == seen else 0
        seen = found
        page.wait_for_timeout(_LOOK_MS)


def covered_titles(page: Page) -> list[str]:
    """Titles of horizontal axes that the legend of their chart covers."""
    return list(page.locator(".js-plotly-plot").evaluate_all(_COVERED_TITLES))
