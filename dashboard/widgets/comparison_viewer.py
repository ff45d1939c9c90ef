"""Compares images of one size pixel by pixel: wipe, side by side, flicker and difference.

The viewer is JavaScript of our own in `viewer_assets/`. It gets the decoded pixels themselves, as
PNG, and sends nothing back but a pin.
"""

import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import streamlit as st

from core.images import Image, check_image
from core.metrics import direction_of
from core.metrics.ssim_map import ssim_image, ssim_map
from dashboard.data.png import png_of
from dashboard.widgets.viewer_crop import Crop, choose_crop, largest_crop

_ASSETS = Path(__file__).parent / "viewer_assets"
#: In the order in which one file may use another.
_SCRIPTS = (
    "viewer_math.js",
    "viewer_keys.js",
    "viewer_controls.js",
    "viewer_snapshot.js",
    "viewer_stage.js",
    "viewer.js",
)
#: First words of labels of what is no metric and better when smaller: sizes and times.
_LESS_IS_BETTER = ("byte", "file", "size", "bits", "bpp", "payload", "encod", "decod", "share", "%")


#: No zoom, row or column of an image is larger; false for what is not a number.
_MAX_NUMBER = 1e9


@dataclass(frozen=True, eq=False)
class ViewerLayer:
    """One image of a comparison.

    Attributes:
        name: What it is called, such as `JPEG quality 50`.
        pixels: The image as it was measured.
        readout: Figures beside it, text by label, such as `{"PSNR": "34.21 dB"}`.
        color: CSS colour of its mark.
    """

    name: str
    pixels: Image
    readout: Mapping[str, str]
    color: str


@dataclass(frozen=True)
class ViewerPin:
    """What a person saw when they pinned a view.

    Attributes:
        a: Name of the layer at the left or below.
        b: Name of the layer at the right or on top.
        mode: `wipe`, `side`, `flicker` or `difference`.
        zoom: Screen pixels per image pixel; 0 stands for the whole image.
        x: Column of the whole image that stands in the middle.
        y: Row of the whole image that stands in the middle.
        wipe: Share of the visible image that shows A.
        gain: Factor of the difference, 1 to 32.
        difference: `absolute`, `signed` or `luma`.
    """

    a: str
    b: str
    mode: str = "wipe"
    zoom: float = 0.0
    x: float = 0.0
    y: float = 0.0
    wipe: float = 0.5
    gain: int = 8
    difference: str = "absolute"

    @property
    def text(self) -> str:
        """The pin as one line, for a link; `parse` reads it."""
        return json.dumps([_short(value) for value in asdict(self).values()], ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> "ViewerPin | None":
        """Pin written by `text`, or None when the line is anything else."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            return None
        names = [field.name for field in fields(cls)]
        if not isinstance(values, list) or len(values) != len(names):
            return None
        return _checked(dict(zip(names, values, strict=True)))


def comparison_viewer(
    layers: Sequence[ViewerLayer],
    *,
    key: str,
    memory: str | None = None,
    start: ViewerPin | None = None,
    is_preview: bool = False,
) -> ViewerPin | None:
    """Shows the viewer; gives the pin at the one run after a person pinned a view.

    Zoom, place, mode and pair stay as they are over reruns, and from one image to the next.
    Of images above two megapixels it shows a crop that a person chooses, at full resolution.

    Args:
        layers: At least one, all of one size; the first is the original.
        key: Identity of this viewer on the page.
        memory: Name under which the browser remembers zoom, mode and pair; the key when None.
        start: View to open with, and to go to whenever another one is given.
        is_preview: Whether it stands for a moment only, until a viewer with more layers takes its
            place: then there is no choice of a part and no pin, which would be lost.

    Raises:
        ValueError: There is no layer, one is not an image, or their sizes differ.
    """
    height, width = shape = _common_shape(layers)
    crop = largest_crop(width, height) if is_preview else choose_crop(layers[0].pixels, key=key)
    blob = pack(layers, crop, shape=shape, key=memory or key, start=start, is_preview=is_preview)
    result = _component()(key=key, data=blob, on_pin_change=_do_nothing)
    return _checked(result.pin) if isinstance(result.pin, Mapping) else None


def ssim_map_layer(
    reference: Image, image: Image, *, name: str = "SSIM map", color: str = "#8f93a7"
) -> ViewerLayer:
    """Layer that shows where two images differ in structure: white is equal, black is not.

    Args:
        reference: Original.
        image: Reconstruction of the same size, at least 7 pixels on each side.
        name: Name of the layer.
        color: Colour of its mark.
    """
    values = ssim_map(reference, image)
    readout = {"Lowest SSIM": f"{values.min():.3f}"}
    return ViewerLayer(name, ssim_image(values), readout, color)


def pack(
    layers: Sequence[ViewerLayer],
    crop: Crop,
    *,
    shape: tuple[int, int],
    key: str,
    start: ViewerPin | None = None,
    is_preview: bool = False,
) -> bytes:
    """Everything the viewer needs in one blob: u32 header length | JSON header | PNG files."""
    parts = [crop.of(layer.pixels) for layer in layers]
    digests = [f"{part.shape} {hashlib.sha256(part.data).hexdigest()}" for part in parts]
    files = [png_of(part) for part in parts]
    header = {
        "key": key,
        "width": crop.width,
        "height": crop.height,
        "origin": [crop.left, crop.top],
        "full": [shape[1], shape[0]],
        "start": asdict(start) if start else None,
        "isPreview": is_preview,
        "layers": [
            _description(layer, digest, file)
            for layer, digest, file in zip(layers, digests, files, strict=True)
        ],
    }
    text = json.dumps(header, ensure_ascii=False).encode("utf-8")
    return b"".join([len(text).to_bytes(4, "little"), text, *files])


def viewer_script() -> str:
    """The viewer's files as one ES module: their imports of each other and exports taken off."""
    return "\n".join(_without_links(name) for name in _SCRIPTS)


def _without_links(name: str) -> str:
    text = (_ASSETS / name).read_text(encoding="utf-8")
    text = re.sub(r"^import\s[^;]*;\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^export (?!default)", "", text, flags=re.MULTILINE)


@functools.cache
def _component() -> Any:
    return st.components.v2.component(
        "comparison_viewer",
        css=(_ASSETS / "viewer.css").read_text(encoding="utf-8"),
        js=viewer_script(),
    )


def _description(layer: ViewerLayer, digest: str, file: bytes) -> dict[str, Any]:
    return {
        "name": layer.name,
        "color": layer.color,
        "readout": dict(layer.readout),
        "directions": {label: _direction(label) for label in layer.readout},
        "digest": digest,
        "bytes": len(file),
    }


def _direction(label: str) -> int:
    """1 where more is better, -1 where less is, 0 for a figure that is neither."""
    direction = direction_of(label)
    return direction or (-1 if label.lower().startswith(_LESS_IS_BETTER) else 0)


def _common_shape(layers: Sequence[ViewerLayer]) -> tuple[int, int]:
    shapes = [check_image(layer.pixels).shape[:2] for layer in layers]
    if len(set(shapes)) != 1:
        raise ValueError(f"The layers must be images of one size; received {shapes}.")
    return shapes[0]


def _checked(values: Mapping[str, Any]) -> ViewerPin | None:
    """Pin from values that came from a browser or an address; None when they make no sense."""
    wanted = {field.name: values.get(field.name) for field in fields(ViewerPin)}
    texts = [wanted.pop(name) for name in ("a", "b", "mode", "difference")]
    numbers = list(wanted.values())
    if not all(map(_is_number, numbers)) or not all(map(_is_text, texts)):
        return None
    return ViewerPin(**{field.name: values[field.name] for field in fields(ViewerPin)})


def _is_number(value: object) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and abs(value) <= _MAX_NUMBER  # type: ignore[arg-type]


def _is_text(value: object) -> bool:
    """Whether it is text that can be written as UTF-8, which a lone surrogate cannot."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _short(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def _do_nothing() -> None:
    """Streamlit reports a trigger only if it has a callback."""
