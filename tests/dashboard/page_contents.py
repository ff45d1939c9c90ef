"""What a page shows, read from the elements that `AppTest` keeps of it."""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import AppTest

#: Opens a page on a store; the fixture `open_page` says how.
OpenPage = Callable[..., AppTest]


def chart(app: AppTest, key: str) -> dict[str, Any]:
    """The one figure whose key ends so, as plain JSON."""
    found = [element for element in app.get("plotly_chart") if element.proto.id.endswith(key)]
    assert len(found) == 1, f"{len(found)} charts end in {key}"
    return json.loads(found[0].proto.spec)


def trace_names(figure: dict[str, Any]) -> list[str]:
    """Names of the traces that have one, in the order in which they are drawn."""
    return [trace["name"] for trace in figure["data"] if trace.get("name")]


def captions(app: AppTest) -> str:
    """All captions."""
    return " ".join(caption.value for caption in app.caption)


def frame_with(app: AppTest, column: str) -> pd.DataFrame:
    """The first table that has this column."""
    return next(frame.value for frame in app.dataframe if column in frame.value)


def components(app: AppTest) -> list[tuple[Any, bytes]]:
    """Header and bytes that each of our own components was given, in their order."""
    found = []
    for element in app.get("bidi_component"):
        data = element.proto.bytes
        length = int.from_bytes(data[:4], "little")
        found.append((json.loads(data[4 : 4 + length]), data[4 + length :]))
    return found


def image_files(app: AppTest) -> list[str]:
    """Names under which the images of the page are served."""
    images = [image for element in app.get("image") for image in element.proto.imgs]
    return [image.url.rpartition("/")[2] for image in images]


def served_name(data: bytes) -> str:
    """Name under which Streamlit serves a PNG file of exactly this content."""
    storage = MemoryMediaFileStorage("/media")
    return storage.load_and_get_id(data, "image/png", MediaFileKind.MEDIA) + ".png"
