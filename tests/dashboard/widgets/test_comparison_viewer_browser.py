"""The comparison viewer in a real browser, on a page of its own."""

import base64
import io
import math
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import numpy as np
import streamlit as st
from dashboard.widgets.comparison_viewer import ViewerLayer, ViewerPin, comparison_viewer

st.set_page_config(layout="wide")
st.session_state.runs = st.session_state.get("runs", 0) + 1
seed = st.slider("Image", 1, 5, 1)
height, width = {{"small": (48, 64), "odd": (53, 41)}}[st.query_params.get("size", "small")]
original = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
other = np.random.default_rng(seed + 100).integers(0, 256, (height, width, 3), dtype=np.uint8)
layers = [
    ViewerLayer("Original", original, {{"Bytes": "9,000"}}, "#777777"),
    ViewerLayer("<b>JPEG</b>", 255 - original, {{"Bytes": "900", "PSNR": "30.00 dB"}}, "#2255cc"),
    ViewerLayer("Learned", other, {{"Bytes": "450", "PSNR": "33.50 dB"}}, "#cc2255"),
]
start = ViewerPin.parse(st.query_params.get("view", ""))
if st.checkbox("Viewer", value=True):
    pin = comparison_viewer(layers, key="viewer", start=start)
    st.text("pin " + (pin.text if pin else "none"))
st.text(f"runs {{st.session_state.runs}}")
st.html("<div style='height: 1500px'></div>")
"""


def _image(seed: int, shape: tuple[int, int] = (48, 64)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


ORIGINAL, INVERTED, LEARNED = _image(1), 255 - _image(1), _image(101)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "The page's server ended"
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("The page's server did not answer within a minute")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if not Path(CHROMIUM).exists() or shutil.which("chromium") is None:
        assert os.environ.get("CI") != "true", "CI runs these tests, but Chromium is not installed"
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def url(browser: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "page.py").write_text(PAGE, encoding="utf-8")
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "page.py", f"--server.port={port}"]
    options = ["--server.headless=true", "--server.address=127.0.0.1", "--client.toolbarMode=auto"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, *options], cwd=folder, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


class Viewer:
    """The viewer on an open page, as a person meets it."""

    def __init__(self, page) -> None:
        self.page = page
        self.root = page.locator(".viewer")
        self.stage = page.locator(".stage")
        self.canvas = page.locator("canvas[data-pane=first]")
        page.locator(".viewer[data-ready=true]").wait_for(timeout=60_000)

    def state(self, name: str) -> str:
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
        )
        return self.root.get_attribute(f"data-{name}")

    def press(self, *keys: str) -> None:
        self.stage.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def pixels(self, pane: str = "first") -> np.ndarray:
        """What a canvas shows, shape (height, width, 3)."""
        self.state("ready")
        address = self.page.locator(f"canvas[data-pane={pane}]").evaluate(
            "canvas => canvas.toDataURL('image/png')"
        )
        data = base64.b64decode(address.partition(",")[2])
        return np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB"))

    def image(self, pane: str = "first", *, shape: tuple[int, int] = (48, 64)) -> np.ndarray:
        """The image on a canvas, one value per image pixel; each must be of one colour."""
        zoom = float(self.state("zoom"))
        assert zoom == int(zoom), zoom
        seen, edge = self.pixels(pane), int(zoom)
        top = math.floor(seen.shape[0] / 2 - float(self.state("y")) * edge + 0.5)
        left = math.floor(seen.shape[1] / 2 - float(self.state("x")) * edge + 0.5)
        blocks = seen[top : top + shape[0] * edge, left : left + shape[1] * edge]
        image = blocks[::edge, ::edge]
        np.testing.assert_array_equal(np.kron(image, np.ones((edge, edge, 1), np.uint8)), blocks)
        return image

    def runs(self) -> int:
        return int(self.page.get_by_text("runs ").inner_text().split()[1])

    def middle(self) -> tuple[float, float]:
        box = self.canvas.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


Open = Callable[..., Viewer]


@pytest.fixture
def open_viewer(browser, url: str) -> Iterator[Open]:
    contexts, errors = [], []

    def opened(query: str = "", *, width: int = 1280, **options) -> Viewer:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{url}/{query}")
        return Viewer(page)

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.mark.parametrize("density", [1, 1.25, 3])
def test_each_image_pixel_covers_a_square_of_screen_pixels_of_its_colour(
    open_viewer: Open, density: float
) -> None:
    viewer = open_viewer(device_scale_factor=density)
    viewer.press("f", "3")
    np.testing.assert_array_equal(viewer.image(), LEARNED)
    viewer.press(" ")
    np.testing.assert_array_equal(viewer.image(), ORIGINAL)
    viewer.page.get_by_role("button", name="One image pixel").click()
    assert viewer.state("zoom") == "1"
    np.testing.assert_array_equal(viewer.image(), ORIGINAL)


def test_the_viewer_opens_with_the_original_and_the_layer_after_it(open_viewer: Open) -> None:
    viewer = open_viewer()
    assert (viewer.state("a"), viewer.state("b")) == ("Original", "<b>JPEG</b>")


def test_an_image_of_odd_size_is_exact_too(open_viewer: Open) -> None:
    viewer = open_viewer("?size=odd")
    viewer.press("f")
    np.testing.assert_array_equal(viewer.image(shape=(53, 41)), _image(1, (53, 41)))


def test_the_wipe_shows_a_on_its_left_and_b_on_its_right(open_viewer: Open) -> None:
    viewer = open_viewer()
    viewer.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft")
    assert float(viewer.state("wipe")) == pytest.approx(0.54)
    image = viewer.pixels()
    zoom = int(float(viewer.state("zoom")))
    left, top = (image.shape[1] - 64 * zoom) // 2, (image.shape[0] - 48 * zoom) // 2
    line = left + round(0.54 * 64 * zoom)
    a, b = (np.kron(layer, np.ones((zoom, zoom, 1), np.uint8)) for layer in (ORIGINAL, INVERTED))
    rows = slice(top, top + 48 * zoom)
    np.testing.assert_array_equal(image[rows, left : line - 1], a[:, : line - 1 - left])
    np.testing.assert_array_equal(image[rows, line + 1 : left + 64 * zoom], b[:, line + 1 - left :])
    viewer.page.get_by_role("slider", name="Wipe").fill("25")
    assert float(viewer.state("wipe")) == pytest.approx(0.25)


def test_dragging_on_a_whole_image_moves_the_wipe(open_viewer: Open) -> None:
    viewer = open_viewer()
    x, y = viewer.middle()
    viewer.page.mouse.move(x, y)
    viewer.page.mouse.down()
    viewer.page.mouse.move(x - 100, y, steps=4)
    viewer.page.mouse.up()
    width = 64 * float(viewer.state("zoom"))
    assert float(viewer.state("wipe")) == pytest.approx(0.5 - 100 / width, abs=0.01)


def test_side_by_side_shows_both_at_one_zoom(open_viewer: Open) -> None:
    viewer = open_viewer()
    viewer.press("s", "2")
    np.testing.assert_array_equal(viewer.image("first"), ORIGINAL)
    np.testing.assert_array_equal(viewer.image("second"), INVERTED)


def test_the_difference_is_computed_from_the_exact_pixels(open_viewer: Open) -> None:
    viewer = open_viewer()
    viewer.press("d")
    a, b = ORIGINAL.astype(int), INVERTED.astype(int)
    np.testing.assert_array_equal(viewer.image(), np.clip(8 * abs(b - a), 0, 255))
    viewer.page.get_by_role("slider", name="Gain").fill("3")
    viewer.page.locator("[data-value=signed]").click()
    np.testing.assert_array_equal(viewer.image(), np.clip(128 + 3 * (b - a), 0, 255))
    assert "3 \u00d7 (B \u2212 A)" in viewer.root.locator(".formula").inner_text()


def test_holding_o_shows_the_original_until_it_is_let_go(open_viewer: Open) -> None:
    viewer = open_viewer()
    viewer.press("d")
    viewer.page.keyboard.down("o")
    assert viewer.state("holding") == "true"
    np.testing.assert_array_equal(viewer.image(), ORIGINAL)
    viewer.page.keyboard.up("o")
    assert viewer.state("holding") == "false"
    box = viewer.page.get_by_role("button", name="Hold to see the original").bounding_box()
    viewer.page.mouse.move(box["x"] + 5, box["y"] + 5)
    viewer.page.mouse.down()
    assert viewer.state("holding") == "true"
    viewer.page.mouse.up()
    assert viewer.state("holding") == "false"


def test_keys_reach_the_viewer_and_not_streamlit(open_viewer: Open) -> None:
    viewer = open_viewer()
    before = viewer.runs()
    viewer.press(*"rcwsfd123", "Shift+Digit2", "x", "?", "Shift+ArrowLeft")
    viewer.page.wait_for_timeout(500)
    assert viewer.runs() == before
    assert viewer.page.get_by_role("dialog").count() == 0
    assert (viewer.state("a"), viewer.state("b")) == ("Learned", "<b>JPEG</b>")
    assert viewer.root.locator(".help").is_visible()


def test_keys_without_the_focus_do_nothing(open_viewer: Open) -> None:
    viewer = open_viewer()
    viewer.page.keyboard.press("d")
    viewer.page.keyboard.press("3")
    assert viewer.state("mode") == "wipe"


def test_zoom_place_mode_and_pair_survive_another_image(open_viewer: Open) -> None:
    viewer = open_viewer()
    viewer.press("f", "2", "+", "+", "Shift+ArrowRight")
    names = ("zoom", "x", "y", "mode", "a", "b", "shown", "fitted")
    before = {name: viewer.state(name) for name in names}
    assert before["fitted"] == "false"
    shown = viewer.pixels()
    runs = viewer.runs()
    viewer.page.get_by_role("slider", name="Image").focus()
    viewer.page.keyboard.press("ArrowRight")
    viewer.page.get_by_text(f"runs {runs + 1}").wait_for()
    viewer.page.wait_for_timeout(500)
    assert {name: viewer.state(name) for name in names} == before
    zoom, seen = int(float(before["zoom"])), viewer.pixels()
    assert not np.array_equal(seen, shown)
    x, y = int(float(before["x"])), int(float(before["y"]))
    left = round(seen.shape[1] / 2 - float(before["x"]) * zoom)
    top = round(seen.shape[0] / 2 - float(before["y"]) * zoom)
    assert (seen[top + y * zoom, left + x * zoom] == 255 - _image(2)[y, x]).all()


def test_the_view_survives_leaving_and_coming_back(open_viewer: Open) -> None:
    viewer = open_viewer()
    viewer.press("d", "+", "2")
    zoom = viewer.state("zoom")
    checkbox = viewer.page.get_by_text("Viewer", exact=True)
    checkbox.click()
    viewer.root.wait_for(state="detached")
    checkbox.click()
    again = Viewer(viewer.page)
    assert again.root.count() == 1
    assert (again.state("mode"), again.state("zoom")) == ("difference", zoom)
    assert again.state("b") == "<b>JPEG</b>"


def test_the_wheel_scrolls_the_page_until_the_viewer_has_the_focus(open_viewer: Open) -> None:
    viewer = open_viewer()
    zoom = viewer.state("zoom")
    viewer.page.mouse.move(*viewer.middle())
    viewer.page.mouse.wheel(0, 30)
    viewer.page.wait_for_timeout(300)
    assert viewer.state("zoom") == zoom
    assert viewer.root.locator(".wheel-hint").evaluate("node => node.dataset.shown") == "true"
    viewer.stage.focus()
    viewer.page.mouse.move(*viewer.middle())
    viewer.page.mouse.wheel(0, -200)
    assert float(viewer.state("zoom")) > float(zoom)


def test_p_sends_the_view_to_python_and_its_link_opens_it_again(
    open_viewer: Open, url: str
) -> None:
    viewer = open_viewer()
    viewer.press("s", "2", "+", "p")
    sent = viewer.page.get_by_text('pin ["')
    sent.wait_for()
    text = sent.inner_text().removeprefix("pin ")
    again = open_viewer("?view=" + urllib.request.quote(text))
    for name in ("mode", "a", "b", "zoom", "x", "y"):
        assert again.state(name) == viewer.state(name)
    again.press("d")
    again.page.get_by_role("slider", name="Image").focus()
    again.page.keyboard.press("ArrowRight")
    again.page.wait_for_timeout(800)
    assert again.state("mode") == "difference"


def test_the_probe_reads_the_pixel_under_the_pointer(open_viewer: Open) -> None:
    viewer = open_viewer()
    zoom = float(viewer.state("zoom"))
    x, y = viewer.middle()
    viewer.page.mouse.move(x + (20.5 - 32) * zoom, y + (7.5 - 24) * zoom)
    text = viewer.root.locator(".values").inner_text().replace("\u2007", " ").replace("\u2212", "-")
    numbers = [
        int(word) for word in text.replace("B - A", " ").split() if word.strip("+-").isdigit()
    ]
    a, b = ORIGINAL[7, 20].astype(int), INVERTED[7, 20].astype(int)
    assert numbers == [20, 7, *a, *b, *(b - a)]


def test_figures_show_which_of_the_two_is_better(open_viewer: Open) -> None:
    viewer = open_viewer()
    viewer.press("Shift+Digit2", "3")
    tile = viewer.root.locator(".readout li", has_text="PSNR")
    assert tile.locator("strong").inner_text() == "33.50 dB"
    assert tile.locator(".delta").inner_text() == "+3.50"
    assert (
        viewer.root.locator(".readout li", has_text="Bytes").locator(".delta").inner_text()
        == "\u221250.0 %"
    )
    viewer.root.locator(".live", has_text="33.50 dB").wait_for(state="attached")


def test_names_are_shown_as_written(open_viewer: Open) -> None:
    viewer = open_viewer()
    viewer.press("2")
    assert viewer.root.locator(".tag.right").first.inner_text().split("\n")[-1] == "<b>JPEG</b>"


def test_two_fingers_zoom_and_one_does_not_scroll(open_viewer: Open) -> None:
    viewer = open_viewer(width=390, has_touch=True, is_mobile=True, device_scale_factor=3)
    assert viewer.state("mode") == "wipe"
    zoom = float(viewer.state("zoom"))
    x, y = viewer.middle()
    client = viewer.page.context.new_cdp_session(viewer.page)
    for kind, spread in (
        ("touchStart", 30),
        ("touchMove", 45),
        ("touchMove", 60),
        ("touchEnd", None),
    ):
        points = [] if spread is None else [{"x": x - spread, "y": y}, {"x": x + spread, "y": y}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert float(viewer.state("zoom")) == pytest.approx(2 * zoom, rel=0.05)


@pytest.mark.parametrize("mode", "wsfd")
def test_a_phone_shows_the_whole_viewer_without_sideways_scrolling(
    open_viewer: Open, mode: str
) -> None:
    viewer = open_viewer(width=390)
    viewer.press(mode)
    viewer.state("ready")
    room = viewer.root.evaluate("node => [node.scrollWidth, node.clientWidth]")
    assert room[0] <= room[1]
    outside = viewer.root.evaluate(
        """root => [...root.querySelectorAll("button, select, input, canvas")]
          .filter(node => node.offsetParent && node.getBoundingClientRect().right > innerWidth)
          .map(node => node.outerHTML)"""
    )
    assert outside == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_controls_follow_the_theme_and_the_surround_stays_neutral(
    open_viewer: Open, theme: str
) -> None:
    viewer = open_viewer(color_scheme=theme)
    colors = viewer.root.evaluate(
        """root => ["color", "backgroundColor"].map(
          name => getComputedStyle(root.querySelector(".picker select"))[name])"""
    )
    ink, paper = (sum(map(float, color[4:-1].split(","))) for color in colors)
    assert (ink < paper) == (theme == "light")
    assert viewer.pixels()[0, 0].tolist() == [128, 128, 128]


def test_blinking_stays_off_for_readers_who_asked_for_calm(open_viewer: Open) -> None:
    viewer = open_viewer(reduced_motion="reduce")
    viewer.press("f")
    assert viewer.page.get_by_role("button", name="Swap twice a second").is_disabled()
    lively = open_viewer()
    lively.press("f")
    lively.page.get_by_role("button", name="Swap twice a second").click()
    lively.page.locator(".viewer[data-shown=b]").wait_for(timeout=3000)


def test_an_unmounted_viewer_leaves_nothing_running(open_viewer: Open) -> None:
    viewer = open_viewer()
    viewer.page.evaluate(
        """() => {
          window.cleared = 0;
          const clear = window.clearInterval.bind(window);
          window.clearInterval = id => { window.cleared += 1; clear(id); };
        }"""
    )
    viewer.page.get_by_text("Viewer", exact=True).click()
    viewer.root.wait_for(state="detached")
    viewer.page.wait_for_function("window.cleared === 1")
