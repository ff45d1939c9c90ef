"""A photograph goes through a real browser, server and codec, and comes back pixel by pixel."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

from core.codecs import get_codec
from core.images import Image
from core.png import encode_png

ROOT = Path(__file__).parents[4]
CHROMIUM = Path("/usr/bin/chromium")
#: A busy machine may need long; the test asks what is shown, not when.
PATIENCE_MS = 120_000
#: What the page makes of 48 pixels: the largest whole multiple below 400.
SCALE = 8
#: RGB of every pixel of an image element, row by row.
READ_PIXELS = """async (element) => {
    await element.decode();
    const canvas = new OffscreenCanvas(element.naturalWidth, element.naturalHeight);
    const context = canvas.getContext("2d", {colorSpace: "srgb"});
    context.drawImage(element, 0, 0);
    const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
    return {width: canvas.width, height: canvas.height, pixels: Array.from(data)};
}"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and os.environ.get("CI") != "true",
        reason=f"there is no browser at {CHROMIUM}",
    ),
]


@pytest.fixture
def url(empty_store: Path, tmp_path: Path) -> Iterator[str]:
    """Address of a dashboard of its own, started outside the repository."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = ROOT / "dashboard" / "app.py"
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(app), *options],
            cwd=tmp_path,
            env={**os.environ, "BOTTLENECK_ARTIFACTS": str(empty_store)},
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


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


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        opened = browser.new_page(viewport={"width": 1280, "height": 2400})
        opened.set_default_timeout(PATIENCE_MS)
        yield opened
        browser.close()


def _photograph() -> Image:
    down, right = np.mgrid[0:32, 0:48]
    slopes = np.stack([5 * right, 7 * down, 255 - 3 * right - 2 * down], axis=-1)
    grain = np.random.default_rng(11).normal(0, 9, slopes.shape)
    return np.clip(slopes + grain, 0, 255).astype(np.uint8)


def _pixels(page: Page, alt: str) -> Image:
    """Image with that description as the browser decoded it, at its own size."""
    element = page.get_by_alt_text(alt)
    element.wait_for()
    read = element.evaluate(READ_PIXELS)
    rgba = np.array(read["pixels"], np.uint8).reshape(read["height"], read["width"], 4)
    return rgba[::SCALE, ::SCALE, :3]


def test_an_uploaded_photograph_comes_back_as_each_file_decodes_to_the_pixel(
    url: str, page: Page
) -> None:
    photograph = _photograph()
    page.goto(f"{url}/compare?codecs=JPEG&codecs=WebP&sample=Chelsea+(cat)")
    page.get_by_role("heading", name="Compare").wait_for()
    page.locator("input[type=file]").set_input_files(
        {"name": "<b>photo</b>.png", "mimeType": "image/png", "buffer": encode_png(photograph)}
    )
    page.get_by_text("48 x 32 pixels").wait_for()
    page.get_by_text("each pixel is a square").wait_for()
    assert np.array_equal(_pixels(page, "The original image"), photograph)
    for name, quality, label in (("jpeg", 75, "JPEG"), ("webp", 80, "WebP")):
        point = get_codec(name).at(quality)
        shown = _pixels(page, f"The image as {label} at quality={quality} gives it back")
        assert np.array_equal(shown, point.decode(point.encode(photograph)))
    assert page.get_by_test_id("stException").count() == 0


def test_the_file_that_a_visitor_downloads_is_the_one_that_was_weighed(
    url: str, page: Page
) -> None:
    photograph = _photograph()
    page.goto(f"{url}/compare?codecs=JPEG&sample=Chelsea+(cat)")
    page.get_by_role("heading", name="Compare").wait_for()
    page.locator("input[type=file]").set_input_files(
        {"name": "photo.png", "mimeType": "image/png", "buffer": encode_png(photograph)}
    )
    expected = get_codec("jpeg").at(75).encode(photograph)
    button = page.get_by_role("button", name=f"File ({len(expected):,} bytes)")
    button.wait_for()
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == "bottleneck-jpeg-quality-75.jpg"
    assert Path(download.value.path()).read_bytes() == expected
