"""The Speed page in a real browser: what is drawn, and that a link brings its state."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from core.codecs.styles import codec_style
from core.store import ArtifactStore
from core.timing.table import Timing, benchmark_key, to_parquet

ROOT = Path(__file__).parents[4]
CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 120_000
#: Colours of the filled marks of a chart, by the page's own account.
FILLS = "marks => marks.map(mark => getComputedStyle(mark).fill)"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and os.environ.get("CI") != "true",
        reason=f"there is no browser at {CHROMIUM}",
    ),
]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Address of a dashboard over times of two codecs."""
    store = ArtifactStore(tmp_path / "artifacts")
    jpeg = Timing("jpeg", "JPEG", "lossy", "encode", "warm", 1, 0, "usual", 160, 160, 0.002)
    slow = replace(jpeg, method="avif", label="AVIF", seconds=0.2)
    rows = [replace(row, operation=operation) for row in (jpeg, slow) for operation in _OPERATIONS]
    rows += [replace(row, width=768, height=512, seconds=15 * row.seconds) for row in rows]
    files = {"codecs.parquet": to_parquet(rows)}
    store.commit(benchmark_key("codecs"), files, facts={"machine": {}})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = ROOT / "dashboard" / "app.py"
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(app), *options],
        cwd=tmp_path,
        env={**os.environ, "BOTTLENECK_ARTIFACTS": str(store.root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


_OPERATIONS = ("encode", "decode")


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the server did not answer within 120 s")


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        opened = browser.new_page(
            viewport={"width": 1280, "height": 1600}, color_scheme=request.param
        )
        opened.set_default_timeout(PATIENCE_MS)
        yield opened
        browser.close()


def test_a_link_opens_a_size_and_draws_each_codec_in_its_colour(url: str, page: Page) -> None:
    page.goto(f"{url}/speed?size=160x160")
    page.get_by_role("heading", name="Encode and decode, 160x160").wait_for()
    marks = page.locator(".js-plotly-plot").first.locator(".points path")
    marks.first.wait_for(state="attached")
    assert {_rgb("jpeg"), _rgb("avif")} <= set(marks.evaluate_all(FILLS))
    assert page.get_by_test_id("stException").count() == 0


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
