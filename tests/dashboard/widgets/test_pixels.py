import ast
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.png import encode_png
from tests.dashboard.page_contents import served_name

DASHBOARD = Path(__file__).parents[3] / "dashboard"


def _noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _small() -> None:
    import numpy as np

    from dashboard.widgets.pixels import show_pixels

    show_pixels(np.random.default_rng(7).integers(0, 256, (60, 97, 3), dtype=np.uint8), alt="Noise")


def _wide() -> None:
    import numpy as np

    from dashboard.widgets.pixels import show_pixels

    show_pixels(
        np.random.default_rng(7).integers(0, 256, (3, 3000, 3), dtype=np.uint8), alt="Noise"
    )


def _magnified() -> None:
    import numpy as np

    from dashboard.widgets.pixels import show_pixels

    image = np.random.default_rng(7).integers(0, 256, (60, 97, 3), dtype=np.uint8)
    show_pixels(image, alt="Noise", scale=3)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (_small, _noise(60, 97)),
        (_wide, _noise(3, 3000)),
        (_magnified, np.kron(_noise(60, 97), np.ones((3, 3, 1), np.uint8))),
    ],
)
def test_an_image_reaches_the_browser_pixel_by_pixel(
    script: Callable[[], None], expected: np.ndarray
) -> None:
    app = AppTest.from_function(script, default_timeout=120).run()
    url = app.get("image")[0].proto.imgs[0].url
    assert url.endswith(served_name(encode_png(expected)))


def _calls_of_image(path: Path) -> list[str]:
    return [
        f"{path.relative_to(DASHBOARD)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "image"
    ]


def test_only_one_module_calls_the_function_that_reencodes_images() -> None:
    found = {path: _calls_of_image(path) for path in DASHBOARD.rglob("*.py")}
    assert found.pop(DASHBOARD / "widgets" / "pixels.py")
    assert [place for places in found.values() for place in places] == []
