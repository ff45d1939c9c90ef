"""The Speed page in a real browser: what is drawn, and that a link brings its state."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page

from core.codecs.styles import codec_style
from core.store import ArtifactStore
from core.timing.table import Timing, benchmark_key, to_parquet
from pipelines.benchmark.dashboard import walk_by_clicks
from pipelines.benchmark.dashboard_server import running_server
from tests.waiting import PATIENCE_MS

#: Colours of the filled marks of a chart, by the page's own account.
FILLS = "marks => marks.map(mark => getComputedStyle(mark).fill)"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dashboard over times of two codecs."""
    store = ArtifactStore(tmp_path_factory.mktemp("speed") / "artifacts")
    jpeg = Timing("jpeg", "JPEG", "lossy", "encode", "warm", 1, 0, "usual", 160, 160, 0.002)
    slow = replace(jpeg, method="avif", label="AVIF", seconds=0.2)
    rows = [replace(row, operation=operation) for row in (jpeg, slow) for operation in _OPERATIONS]
    rows += [replace(row, width=768, height=512, seconds=15 * row.seconds) for row in rows]
    files = {"codecs.parquet": to_parquet(rows)}
    store.commit(benchmark_key("codecs"), files, facts={"machine": {}})
    with running_server(artifacts=store.root) as server:
        yield server.address


_OPERATIONS = ("encode", "decode")


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 1600}, color_scheme=request.param)
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


@pytest.mark.slow
def test_a_link_opens_a_size_and_draws_each_codec_in_its_colour(url: str, page: Page) -> None:
    page.goto(f"{url}/speed?size=160x160")
    page.get_by_role("heading", name="Encode and decode, 160x160").wait_for()
    marks = page.locator(".js-plotly-plot").first.locator(".points path")
    marks.first.wait_for(state="attached")
    assert {_rgb("jpeg"), _rgb("avif")} <= set(marks.evaluate_all(FILLS))
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.slow
def test_choosing_a_size_changes_the_address(url: str, page: Page) -> None:
    page.goto(f"{url}/speed")
    page.get_by_role("heading", name="Encode and decode, 768x512").wait_for()
    page.get_by_text("160x160", exact=True).first.click()
    page.get_by_role("heading", name="Encode and decode, 160x160").wait_for()
    assert "size=160x160" in page.url


def _rgb(codec: str) -> str:
    color = codec_style(codec).color
    parts = [str(int(color[start : start + 2], 16)) for start in (1, 3, 5)]
    return f"rgb({', '.join(parts)})"


def test_the_benchmark_opens_each_page_by_a_click_on_another(browser: Browser, url: str) -> None:
    timings = walk_by_clicks(browser, url, ["data", "models", "speed"], 2)
    assert [timing.setting for timing in timings] == ["data", "models", "speed"]
    assert {(timing.operation, timing.repeat) for timing in timings} == {("opened_by_click", 2)}
    assert all(0 < timing.seconds < PATIENCE_MS / 1000 for timing in timings)
