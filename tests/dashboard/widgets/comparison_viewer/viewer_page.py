"""A page with nothing but the viewer, and the viewer as a person meets it in a browser."""

import base64
import io
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image

from tests.waiting import PATIENCE_MS

ROOT = Path(__file__).parents[4]
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
if st.checkbox("Working"):
    comparison_viewer(layers[:1], key="first", memory="viewer", is_preview=True)
elif st.checkbox("Viewer", value=True):
    pin = comparison_viewer(layers, key="viewer", start=start)
    st.text("pin " + (pin.text if pin else "none"))
    if pin:
        st.query_params["view"] = pin.text
st.text(f"runs {{st.session_state.runs}}")
st.html("<div style='height: 1500px'></div>")
"""


def random_image(seed: int, shape: tuple[int, int] = (48, 64)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


ORIGINAL, INVERTED, LEARNED = random_image(1), 255 - random_image(1), random_image(101)


class Viewer:
    """The viewer on an open page, as a person meets it."""

    def __init__(self, page) -> None:
        self.page = page
        self.root = page.locator(".viewer")
        self.stage = page.locator(".stage")
        self.canvas = page.locator("canvas[data-pane=first]")
        page.locator(".viewer[data-ready=true]").wait_for(timeout=PATIENCE_MS)

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


OpenViewer = Callable[..., Viewer]
