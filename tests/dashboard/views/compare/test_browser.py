"""A photograph goes through a real browser, server and codec, and comes back pixel by pixel."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import Browser, Page

from core.codecs import get_codec
from core.images import Image
from core.png import encode_png
from pipelines.benchmark.dashboard_server import running_server
from tests.waiting import PATIENCE_MS

ROOT = Path(__file__).parents[4]
GOLDEN = ROOT / "tests" / "golden"
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

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dashboard of its own, with a small learned codec and no data set."""
    store = tmp_path_factory.mktemp("compare") / "artifacts"
    shutil.copytree(GOLDEN / "models", store / "models")
    with running_server(artifacts=store) as server:
        yield server.address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 2400})
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


def _photograph(height: int = 32, width: int = 48) -> Image:
    down, right = np.mgrid[0:height, 0:width]
    slopes = np.stack([5 * right, 7 * down, 255 - 3 * right - 2 * down], axis=-1) % 256
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
    url: str, page: Page, draw_everything: Callable[[Page], None]
) -> None:
    photograph = _photograph()
    page.goto(f"{url}/compare?mode=My+settings&codecs=JPEG&codecs=WebP&sample=Chelsea+(cat)")
    page.get_by_role("heading", name="Compare").wait_for()
    page.locator("input[type=file]").set_input_files(
        {"name": "<b>photo</b>.png", "mimeType": "image/png", "buffer": encode_png(photograph)}
    )
    page.get_by_text("48 x 32 pixels").wait_for()
    page.get_by_role("heading", name="Curve of this image").wait_for()
    draw_everything(page)
    assert np.array_equal(_pixels(page, "The original image"), photograph)
    for name, quality, label in (("jpeg", 60, "JPEG"), ("webp", 80, "WebP")):
        point = get_codec(name).at(quality)
        shown = _pixels(page, f"The image as {label} at quality={quality} gives it back")
        assert np.array_equal(shown, point.decode(point.encode(photograph)))
    assert page.get_by_test_id("stException").count() == 0


def test_the_file_that_a_visitor_downloads_is_the_one_that_was_weighed(
    url: str, page: Page, draw_everything: Callable[[Page], None]
) -> None:
    photograph = _photograph()
    page.goto(f"{url}/compare?mode=My+settings&codecs=JPEG&sample=Chelsea+(cat)")
    page.get_by_role("heading", name="Compare").wait_for()
    page.locator("input[type=file]").set_input_files(
        {"name": "photo.png", "mimeType": "image/png", "buffer": encode_png(photograph)}
    )
    page.get_by_text("48 x 32 pixels").wait_for()
    draw_everything(page)
    expected = get_codec("jpeg").at(60).encode(photograph)
    button = page.get_by_role("button", name=f"File ({len(expected):,} bytes)")
    button.wait_for()
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == "bottleneck-jpeg-quality-60.jpg"
    assert Path(download.value.path()).read_bytes() == expected


def _open(page: Page, url: str, query: str, *files: tuple[str, bytes]) -> None:
    """Compare with some files uploaded, whole."""
    page.goto(f"{url}/compare?mode=My+settings&{query}")
    page.get_by_role("heading", name="Compare").wait_for()
    payload = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        for name, data in files
    ]
    if payload:
        page.locator("input[type=file]").set_input_files(payload)
        page.get_by_text(re.compile(r"^Your \w+ image")).first.wait_for()
    page.get_by_role("heading", name="Curve of this image").wait_for()
    assert page.get_by_test_id("stException").count() == 0


def test_an_uploaded_photograph_is_seen_within_the_first_screen(url: str, page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    photograph = _photograph(450, 600)
    _open(page, url, "codecs=JPEG", ("photo.png", encode_png(photograph)))
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop === 0")
    viewer = page.locator(".viewer[data-ready=true][data-layers='2']")
    viewer.wait_for()
    box, stage = viewer.bounding_box(), page.locator(".stage").bounding_box()
    assert box is not None
    assert stage is not None
    assert box["y"] <= 260
    assert stage["y"] + stage["height"] <= 900
    assert 600 * float(viewer.get_attribute("data-zoom") or 0) >= 500
    dial = page.get_by_role("slider", name="Quality").bounding_box()
    assert dial is not None
    assert dial["x"] > stage["x"] + stage["width"], "the dials stand beside the image"
    assert dial["y"] < 900
    fit, actual = (page.get_by_role("button", name=name) for name in ("Fit", "1:1"))
    assert (fit.get_attribute("aria-pressed"), actual.get_attribute("aria-pressed")) == (
        "true",
        "false",
    )


def test_uploads_stay_while_another_page_is_looked_at_until_they_are_removed(
    url: str, page: Page
) -> None:
    files = [("first.png", encode_png(_photograph())), ("other.png", encode_png(_photograph(40)))]
    _open(page, url, "codecs=JPEG", *files)
    page.get_by_role("link", name="Models").click()
    page.get_by_role("heading", name="Models").wait_for()
    page.get_by_role("link", name="Compare").click()
    page.get_by_text("Your PNG image first.png").first.wait_for()
    page.get_by_role("button", name="Remove 2 images").click()
    page.get_by_text("Sample: ").first.wait_for()
    assert page.get_by_text("first.png").count() == 0

    page.get_by_role("link", name="Models").click()
    page.get_by_role("heading", name="Models").wait_for()
    page.get_by_role("link", name="Compare").click()
    page.get_by_text("Sample: ").first.wait_for()


def test_two_images_have_a_mean_and_a_picker(url: str, page: Page) -> None:
    first, second = _photograph(), _photograph(40, 56)
    _open(page, url, "codecs=JPEG", ("a.png", encode_png(first)), ("b.png", encode_png(second)))
    page.get_by_role("heading", name="Mean over your 2 images").wait_for()
    page.get_by_text("48 x 32 pixels").wait_for()
    page.get_by_role("combobox", name="Shown").click()
    page.get_by_role("option", name="2 of 2: b.png").click()
    page.get_by_text("56 x 40 pixels").wait_for()


def test_a_file_of_the_learned_codec_is_opened(url: str, page: Page) -> None:
    data = (GOLDEN / "streams" / "odd_50.bnk").read_bytes()
    _open(page, url, "codecs=JPEG", ("photo.bnk", data))
    page.get_by_text(f"{len(data):,} bytes").first.wait_for()


def test_a_pin_of_ones_own_image_does_not_promise_a_link_to_it(url: str, page: Page) -> None:
    _open(page, url, "codecs=PNG", ("photo.png", encode_png(_photograph())))
    page.locator(".viewer[data-ready=true][data-layers='2']").wait_for()
    page.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_text("your own image is not part of a link").wait_for()


def test_the_curve_of_ones_own_image_is_drawn(url: str, page: Page) -> None:
    _open(page, url, "codecs=JPEG&codecs=WebP", ("photo.png", encode_png(_photograph())))
    page.get_by_text("Measure the curves").click()
    page.locator(".js-plotly-plot").wait_for()
    with page.expect_download() as download:
        page.locator(".st-key-csv-curve").get_by_role("button").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) > 15, "a header and some ten points of each codec"


def test_a_snapshot_holds_the_image_as_it_is_shown_and_the_figures_below(
    url: str, page: Page
) -> None:
    photograph = _photograph()
    _open(page, url, "codecs=PNG", ("photo.png", encode_png(photograph)))
    viewer = page.locator(".viewer[data-ready=true][data-layers='2']")
    viewer.wait_for()
    zoom = int(viewer.get_attribute("data-zoom") or 0)
    with page.expect_download() as download:
        page.get_by_role("button", name="Snapshot").click()
    assert download.value.suggested_filename == "bottleneck-wipe-original-png-lossless.png"
    shown = np.asarray(PIL.Image.open(download.value.path()).convert("RGB"))
    height, width = (zoom * side for side in photograph.shape[:2])
    left = (shown.shape[1] - width) // 2
    part = shown[16 : 16 + height : zoom, left : left + width : zoom]
    columns = np.abs(np.arange(photograph.shape[1]) - 24) > 1  # the line of the wipe
    assert np.array_equal(part[:, columns], photograph[:, columns])
    assert shown.shape[0] > height + 80, "names and figures stand below"
    assert (shown[16 + height :] < 128).any()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_the_page_without_sideways_scrolling(
    url: str, page: Page, theme: Literal["light", "dark"]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=theme)
    _open(page, url, "codecs=JPEG&codecs=WebP&sample=Chelsea+(cat)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    outside = page.locator("button, select, canvas").evaluate_all(
        "nodes => nodes.filter(node => node.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert outside == 0
