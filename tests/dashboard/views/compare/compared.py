"""What a person does on the page, and what it then shows."""

import shutil
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from core.images import Image
from core.png import encode_png
from tests.dashboard.page_contents import components, served_name

GOLDEN = Path(__file__).parents[3] / "golden"
QUICK = {"codecs": ["JPEG", "WebP"], "sample": "Chelsea (cat)", "mode": "My settings"}
LEARNED = {**QUICK, "codecs": ["JPEG", "BNK"]}


def upload(app: AppTest, data: bytes, name: str = "photo.png") -> AppTest:
    app.file_uploader[0].set_value([(name, data, "image/png")])
    return app.run()


def shown_as(image: Image) -> str:
    """Name under which Streamlit serves exactly this image."""
    return served_name(encode_png(image))


def magnified(image: Image, scale: int) -> Image:
    return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)


def page_text(app: AppTest) -> str:
    elements = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error]
    return "\n".join(element.value for element in elements)


def layer_names(app: AppTest) -> list[str]:
    header, _ = components(app)[0]
    return [layer["name"] for layer in header["layers"]]


def with_learned_codec(root: Path) -> Path:
    """The folder of a store with the small model of the golden streams."""
    shutil.copytree(GOLDEN / "models", root / "models", dirs_exist_ok=True)
    return root
