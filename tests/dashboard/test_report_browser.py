"""The report in a real browser that has no network."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from core.analysis.bd_tables import SAMPLES
from core.report.content import build_report
from core.store import ArtifactStore
from tests.waiting import PATIENCE_MS, wait_until

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def report_file(full_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the full store, written by the command."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    command = [sys.executable, "-m", "pipelines.report", "--output", str(file)]
    environment = {**os.environ, "BOTTLENECK_ARTIFACTS": str(full_store)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return file


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    context.close()


def test_the_report_opens_offline_asks_for_nothing_and_draws_every_chart(
    report_file: Path, full_store: Path, page: Page
) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(report_file.as_uri())
    report = build_report(ArtifactStore(full_store))
    charts = page.locator("figure > div[data-figure]")
    page.locator("figure > div[data-figure] .main-svg").nth(2 * charts.count() - 1).wait_for(
        state="attached"
    )
    assert charts.count() == len(report.plots()) > 3
    for place in range(charts.count()):
        assert charts.nth(place).locator(".points path, .point").count() > 0
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert [url for url in asked if url.startswith("file:")] == [report_file.as_uri()]
    assert complaints == []


def test_no_button_uploads_or_edits_elsewhere_and_points_explain_themselves(
    report_file: Path, page: Page
) -> None:
    page.goto(report_file.as_uri())
    page.locator(".modebar-btn").first.wait_for(state="attached")
    titles = page.locator(".modebar-btn").evaluate_all(
        "buttons => buttons.map(b => (b.dataset.title || b.getAttribute('aria-label') || ''))"
    )
    assert any("Zoom" in title for title in titles)
    banned = ("cloud", "share", "edit", "upload", "studio")
    assert [title for title in titles for word in banned if word in title.lower()] == []
    chart = page.locator("figure > div[data-figure]").first
    chart.scroll_into_view_if_needed()
    chart.locator(".points path").first.hover(force=True)
    page.locator(".hoverlayer .hovertext").first.wait_for()


def test_the_report_says_what_the_findings_page_says(report_file: Path, page: Page) -> None:
    page.goto(report_file.as_uri())
    text = page.locator("main").inner_text()
    for words in ("The ten methods", "JPEG, quality 75", "supported", "git commit"):
        assert words.lower() in text.lower()
    assert f"{SAMPLES} paired resamples" in text


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen(report_file: Path, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(report_file.as_uri())
    page.locator(".main-svg").first.wait_for(state="attached")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 390])
def test_every_plot_has_most_of_the_width_and_its_legend_stands_below_it_in_full(
    report_file: Path, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(report_file.as_uri())
    charts = page.locator("figure > div[data-figure]")
    charts.locator(".main-svg").nth(2 * charts.count() - 1).wait_for(state="attached")
    wait_until(lambda: all(map(_is_whole, charts.evaluate_all(_MEASURED))))
    figures = charts.evaluate_all(_MEASURED)
    assert any(one["legend"] for one in figures)
    for one in figures:
        assert one["plot"]["width"] > one["width"] * 0.6, one
        assert one["plot"]["height"] > 300 or not one["legend"], one


def _is_whole(one: dict[str, Any]) -> bool:
    """Whether a figure's legend, if it has one, shows all rows below the axis, within it."""
    legend = one["legend"]
    return not legend or (
        legend["rows"] <= legend["height"] + 1
        and one["axis"] <= legend["top"] + 1
        and legend["bottom"] <= one["bottom"] + 1
    )


#: Sizes of the figures in pixels: the plot, its horizontal axis' title, and the legend's rows.
_MEASURED = """
charts => charts.map(chart => {
  const box = name => chart.querySelector(name)?.getBoundingClientRect();
  const legend = box(".legend > .bg");
  const {w, h} = chart._fullLayout._size;
  return {
    name: chart.dataset.figure, width: chart.clientWidth,
    bottom: chart.getBoundingClientRect().bottom,
    plot: {width: w, height: h}, axis: box(".xtitle").bottom,
    legend: legend && {
      top: legend.top, bottom: legend.bottom, height: legend.height,
      rows: box(".legend .scrollbox").height,
    },
  };
})
"""
