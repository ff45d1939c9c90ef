import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from streamlit.testing.v1 import AppTest

from core.images import Image
from core.metrics import metrics
from core.metrics.ssim_map import ssim_image, ssim_map
from dashboard.widgets import viewer_crop
from dashboard.widgets.comparison_viewer import (
    ViewerLayer,
    ViewerPin,
    comparison_viewer,
    pack,
    ssim_map_layer,
    viewer_script,
)
from dashboard.widgets.viewer_crop import Crop, largest_crop, overview_image

ASSETS = Path(viewer_crop.__file__).parent / "viewer_assets"
PIN = ViewerPin("Original", 'A "b" · ü', "side", 3.25, 17.5, 99.0, 0.3, 16, "luma")


def _noise(height: int, width: int, *, seed: int = 7) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _layer(name: str, pixels: Image, **readout: str) -> ViewerLayer:
    return ViewerLayer(name, pixels, readout, "#123456")


def _unpack(blob: bytes) -> tuple[dict[str, Any], list[Image]]:
    length = int.from_bytes(blob[:4], "little")
    header = json.loads(blob[4 : 4 + length])
    files, start = [], 4 + length
    for layer in header["layers"]:
        files.append(blob[start : start + layer["bytes"]])
        start += layer["bytes"]
    assert start == len(blob)
    return header, [np.asarray(PIL.Image.open(io.BytesIO(file))) for file in files]


def _whole(image: Image) -> Crop:
    return Crop(0, 0, image.shape[1], image.shape[0])


def test_the_browser_gets_exactly_the_pixels_of_every_layer() -> None:
    images = [_noise(31, 57, seed=seed) for seed in range(3)]
    layers = [_layer(f"Layer {n}", image) for n, image in enumerate(images)]
    header, received = _unpack(pack(layers, _whole(images[0]), shape=(31, 57), key="k"))
    assert [layer["name"] for layer in header["layers"]] == ["Layer 0", "Layer 1", "Layer 2"]
    assert (header["width"], header["height"]) == (57, 31)
    for sent, got in zip(images, received, strict=True):
        np.testing.assert_array_equal(got, sent)


def test_images_that_differ_in_one_value_are_both_sent() -> None:
    # Streamlit's own hash looks at a sample of an array of this size.
    first = np.zeros((900, 900, 3), np.uint8)
    second = first.copy()
    second[450, 450, 1] = 1
    layers = [_layer("a", first), _layer("b", second)]
    header, received = _unpack(pack(layers, _whole(first), shape=(900, 900), key="k"))
    np.testing.assert_array_equal(received[1], second)
    assert header["layers"][0]["digest"] != header["layers"][1]["digest"]


def test_a_crop_is_sent_at_full_resolution_with_its_place() -> None:
    image = _noise(40, 60)
    header, received = _unpack(
        pack([_layer("a", image)], Crop(7, 11, 20, 10), shape=(40, 60), key="k")
    )
    np.testing.assert_array_equal(received[0], image[11:21, 7:27])
    assert (header["origin"], header["full"]) == ([7, 11], [60, 40])


@pytest.mark.parametrize(
    ("label", "direction"),
    [("Bytes", -1), ("Bits per pixel", -1), ("Encode", -1), ("% of upload", -1)]
    + [(one.LABEL, 1 if one.HIGHER_IS_BETTER else -1) for one in metrics().values()]
    + [("Target", 0), ("Quality", 0)],
)
def test_the_better_direction_of_a_figure_follows_from_its_label(
    label: str, direction: int
) -> None:
    image = _noise(4, 4)
    layer = ViewerLayer("a", image, {label: "1"}, "#000000")
    header, _ = _unpack(pack([layer], _whole(image), shape=(4, 4), key="k"))
    assert header["layers"][0]["directions"] == {label: direction}


def test_layers_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one size; received \[\(4, 5\), \(5, 4\)\]"):
        comparison_viewer([_layer("a", _noise(4, 5)), _layer("b", _noise(5, 4))], key="k")


def test_a_comparison_without_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="received"):
        comparison_viewer([], key="k")


def test_a_pin_survives_its_way_through_an_address() -> None:
    assert ViewerPin.parse(PIN.text) == PIN


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "[]", "null", "1e999", PIN.text[:-1], PIN.text.replace("3.25", '"3"')]
    + ["[" * 100_000, PIN.text.replace("3.25", "9" * 400), PIN.text.replace("side", "\\ud800")]
    + [PIN.text.replace("3.25", number) for number in ("NaN", "Infinity", "true", "null")],
)
def test_a_spoilt_pin_in_an_address_is_no_pin(text: str) -> None:
    assert ViewerPin.parse(text) is None


@pytest.mark.parametrize(
    ("width", "height"), [(4000, 3000), (1500, 1400), (30000, 500), (3, 900000)]
)
def test_a_large_image_is_cut_to_two_megapixels_inside_it(width: int, height: int) -> None:
    crop = largest_crop(width, height)
    assert 0.85 * viewer_crop.MAX_PIXELS < crop.width * crop.height <= viewer_crop.MAX_PIXELS
    assert 0 <= crop.left <= width - crop.width
    assert 0 <= crop.top <= height - crop.height


@pytest.mark.parametrize(("width", "height"), [(1, 1), (160, 160), (2000, 1000)])
def test_an_image_up_to_two_megapixels_is_whole(width: int, height: int) -> None:
    assert largest_crop(width, height) == Crop(0, 0, width, height)


def test_the_overview_frames_the_crop_and_dims_the_rest() -> None:
    image = np.full((520, 520, 3), 200, np.uint8)
    overview = overview_image(image, Crop(100, 200, 200, 100))
    assert overview.shape == (260, 260, 3)
    assert overview[100, 50].tolist() == [255, 255, 255]
    assert overview[125, 100].tolist() == [200, 200, 200]
    assert overview[10, 10].tolist() == [100, 100, 100]


def test_the_ssim_map_has_the_metric_as_its_mean_and_white_where_equal() -> None:
    reference = _noise(40, 50)
    image = reference.copy()
    image[10:20, 10:20] //= 2
    values = ssim_map(reference, image)
    inside = values[3:-3, 3:-3].mean()
    assert inside == pytest.approx(metrics()["ssim"].measure(reference, image), abs=1e-9)
    layer = ssim_map_layer(reference, image)
    np.testing.assert_array_equal(layer.pixels, ssim_image(values))
    assert (layer.pixels[30:, 30:] == 255).all()
    assert layer.pixels[15, 15].max() < 255


def test_the_script_is_one_module_with_one_export() -> None:
    script = viewer_script()
    assert re.findall(r"^export .*", script, re.MULTILINE) == [
        "export default function mount(api) {"
    ]
    assert not re.search(r"^import\b", script, re.MULTILINE)
    names = re.findall(r"^(?:async )?(?:function|class|const) (\w+)", script, re.MULTILINE)
    assert sorted(set(names)) == sorted(names)


def test_names_reach_the_page_as_text_only() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in ASSETS.glob("*.js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", sources)


def _page() -> None:
    import numpy as np

    from dashboard.widgets.comparison_viewer import ViewerLayer, comparison_viewer

    image = np.random.default_rng(7).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    comparison_viewer(
        [
            ViewerLayer("Original", image, {}, "#111111"),
            ViewerLayer("B", 255 - image, {}, "#222222"),
        ],
        key="viewer",
    )


def test_the_page_carries_the_blob_at_the_top_level() -> None:
    app = AppTest.from_function(_page, default_timeout=120).run()
    assert not app.exception
    header, received = _unpack(app.get("bidi_component")[0].proto.bytes)
    assert header["key"] == "viewer"
    np.testing.assert_array_equal(received[0], _noise(20, 30))


def _large_page() -> None:
    import numpy as np

    from dashboard.widgets.comparison_viewer import ViewerLayer, comparison_viewer

    image = np.random.default_rng(7).integers(0, 256, (2000, 1500, 3), dtype=np.uint8)
    comparison_viewer([ViewerLayer("Original", image, {}, "#111111")], key="viewer")


def test_of_a_large_image_the_chosen_part_is_sent() -> None:
    app = AppTest.from_function(_large_page, default_timeout=30).run()
    left, top = app.slider
    left.set_value(3)
    top.set_value(5)
    app.run()
    header, received = _unpack(app.get("bidi_component")[0].proto.bytes)
    part = _noise(2000, 1500)[5 : 5 + header["height"], 3 : 3 + header["width"]]
    np.testing.assert_array_equal(received[0], part)
    assert "3.0 megapixels" in app.markdown[0].value


def test_only_exported_names_are_imported_between_the_files() -> None:
    for path in ASSETS.glob("*.js"):
        for names, source in re.findall(
            r"^import \{([^}]*)\} from \"\./(\w+\.js)\";", path.read_text("utf-8"), re.MULTILINE
        ):
            exported = (ASSETS / source).read_text("utf-8")
            for name in names.replace("\n", " ").split(","):
                word = name.strip()
                assert not word or re.search(
                    rf"^export (function|class|const) {word}\b", exported, re.M
                )
