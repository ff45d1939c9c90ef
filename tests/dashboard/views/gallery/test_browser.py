"""The gallery in a real browser: from a tile into the viewer, on to the next, and to Compare."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from core.codecs import get_codec
from core.dataset.splits import open_split
from core.evaluation.results import load_results
from core.images import Image
from core.store import ArtifactStore
from pipelines.benchmark.dashboard_server import running_server
from tests.waiting import PATIENCE_MS

SETTING = "codec=JPEG&setting=quality%3D50"
READ_PIXELS = """async (element) => {
    await element.decode();
    const canvas = new OffscreenCanvas(element.naturalWidth, element.naturalHeight);
    const context = canvas.getContext("2d", {colorSpace: "srgb"});
    context.drawImage(element, 0, 0);
    return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
}"""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def url(full_store: Path) -> Iterator[str]:
    """Address of a dashboard of its own on the full store."""
    with running_server(artifacts=full_store) as server:
        yield server.address


@pytest.fixture
def open_gallery(browser: Browser, url: str) -> Iterator[object]:
    contexts, errors = [], []

    def opened(query: str, *, page: str = "gallery", width: int = 1280, theme: str = "light"):
        context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=theme)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(f"{url}/{page}?{query}")
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="module")
def worst_first(full_store: Path) -> list[str]:
    """Ids of the test images after JPEG at quality 50, the worst first."""
    frame = load_results(ArtifactStore(full_store), "imagenette160").frame
    rows = frame[(frame["codec"] == "jpeg") & (frame["setting"] == "quality=50")]
    return rows.sort_values("psnr_db")["image"].astype("str").tolist()


def _original(store: Path, image_id: str) -> Image:
    split = open_split(ArtifactStore(store), "test")
    return np.asarray(split.images[split.ids.index(image_id)])


def _parameters(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def _viewer(page: Page) -> object:
    page.locator(".viewer[data-ready=true]").wait_for()
    return page.locator(".viewer")


def test_each_tile_shows_what_the_file_decodes_to_pixel_by_pixel(
    open_gallery, full_store: Path, worst_first: list[str]
) -> None:
    page = open_gallery(SETTING)
    page.locator(".tile").first.wait_for()
    assert [tile.get_attribute("data-id") for tile in page.locator(".tile").all()] == worst_first
    point = get_codec("jpeg").at(50)
    for image_id, image in zip(worst_first, page.locator(".tile img").all(), strict=True):
        original = _original(full_store, image_id)
        shown = np.array(image.evaluate(READ_PIXELS), np.uint8).reshape(*original.shape[:2], 4)
        np.testing.assert_array_equal(shown[..., :3], point.decode(point.encode(original)))
        assert image.evaluate("element => element.clientWidth") == original.shape[1]


def test_a_click_opens_the_viewer_and_the_zoom_stays_from_one_image_to_the_next(
    open_gallery, worst_first: list[str]
) -> None:
    page = open_gallery(SETTING)
    page.locator(".tile").nth(1).click()
    viewer = _viewer(page)
    assert viewer.get_attribute("data-b") == "JPEG quality=50"
    assert _parameters(page)["image"] == [worst_first[1]]
    page.locator(".stage").focus()
    page.keyboard.press("f")
    page.keyboard.press("+")
    page.keyboard.press("+")
    # The viewer draws, and says its zoom, with the next frame.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    zoom = viewer.get_attribute("data-zoom")
    page.get_by_role("button", name="Next").click()
    page.get_by_text(f"3 of {len(worst_first)}").wait_for()
    assert _parameters(page)["image"] == [worst_first[2]]
    assert viewer.get_attribute("data-zoom") == zoom
    assert viewer.get_attribute("data-mode") == "flicker"


def test_a_pinned_view_stands_in_the_address_until_the_viewer_is_closed(
    open_gallery, worst_first: list[str]
) -> None:
    page = open_gallery(f"{SETTING}&image={worst_first[0]}")
    _viewer(page)
    page.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_text("The address of this page now opens this view.").wait_for()
    page.wait_for_function("location.search.includes('view=')")
    page.get_by_test_id("stDialog").get_by_role("button", name="Close", exact=True).click()
    page.locator(".viewer").wait_for(state="detached")
    page.wait_for_function("!/image=|view=/.test(location.search)")
    assert page.locator(".tile").count() == len(worst_first)


def test_the_link_leads_to_compare_with_this_image_and_codec(
    open_gallery, full_store: Path, worst_first: list[str], draw_everything
) -> None:
    page = open_gallery(f"{SETTING}&image={worst_first[0]}")
    _viewer(page)
    page.get_by_role("link", name="Open in Compare").click()
    page.get_by_role("heading", name="Compare", exact=True).wait_for()
    page.get_by_text("Test image: ").first.wait_for()
    draw_everything(page)
    expected = get_codec("jpeg").at(50).encode(_original(full_store, worst_first[0]))
    page.get_by_role("button", name=f"File ({len(expected):,} bytes)").wait_for()
    assert _viewer(page).get_attribute("data-b") == "JPEG quality=50"
    assert page.get_by_test_id("stException").count() == 0


def test_a_point_of_a_curve_leads_to_its_images_in_the_gallery(
    open_gallery, worst_first: list[str]
) -> None:
    page = open_gallery("point=JPEG%2C+quality%3D50", page="rate_distortion")
    page.get_by_role("link", name="See these images in the gallery").click()
    page.locator(".tile").first.wait_for()
    assert [tile.get_attribute("data-id") for tile in page.locator(".tile").all()] == worst_first


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_the_tiles_without_sideways_scrolling_in_the_theme_of_its_reader(
    open_gallery, theme: str
) -> None:
    page = open_gallery(f"{SETTING}&tiles=With+the+original", width=390, theme=theme)
    page.locator(".tile").first.wait_for()
    outside = page.locator(".tile, .tile img").evaluate_all(
        "nodes => nodes.filter(node => node.getBoundingClientRect().right > innerWidth).length"
    )
    assert outside == 0
    ink, paper = page.locator(".tile").first.evaluate(
        "node => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor]"
    )
    brightness = [sum(map(float, color[4:-1].split(",")[:3])) for color in (ink, paper)]
    assert (brightness[0] < brightness[1]) == (theme == "light")


def test_a_phone_shows_two_tiles_a_row_and_back_closes_what_a_click_opened(
    open_gallery, worst_first: list[str]
) -> None:
    page = open_gallery(SETTING, width=390)
    page.locator(".tile").nth(1).wait_for()
    first, second = (page.locator(".tile").nth(number).bounding_box() for number in (0, 1))
    assert first["y"] == second["y"]
    assert second["x"] + second["width"] <= 390
    page.locator(".tile").first.click()
    _viewer(page)
    page.go_back()
    page.locator(".viewer").wait_for(state="detached")
    page.go_forward()
    _viewer(page)
