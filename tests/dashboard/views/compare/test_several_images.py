"""Several uploads: images to compress, or an original and compressed versions of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from core.codecs import get_codec
from core.images import Image
from core.metrics import psnr_db
from core.png import encode_png
from dashboard.views.compare.image import PART_SIDE
from tests.dashboard.page_contents import OpenPage
from tests.dashboard.views.compare.compared import QUICK, layer_names, page_text

ALONE = {**QUICK, "codecs": ["JPEG"]}


def send(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    app.file_uploader[0].set_value([(*file, "image/png") for file in files])
    return app.run()


def large(side: int = 1500) -> Image:
    down, right = np.mgrid[0:side, 0:side]
    return np.stack([down // 7, right // 9, (down + right) // 13], axis=-1).astype(np.uint8)


@pytest.mark.slow
def test_several_images_have_a_mean_and_one_is_shown(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    pair = [photograph, photograph[:48, :64]]
    files = [(f"{n}.png", encode_png(image), "image/png") for n, image in enumerate(pair)]
    app.file_uploader[0].set_value(files)
    app.run()
    assert not app.exception
    assert "120 x 80 pixels" in page_text(app)
    jpeg = get_codec("jpeg").at(60)
    sizes = [len(jpeg.encode(np.ascontiguousarray(image))) for image in pair]
    mean = app.dataframe[1].value.iloc[0]
    assert (mean["Codec"], mean["Images"]) == ("JPEG", "2")
    assert "Means over your 2 images, each at your settings." in page_text(app)
    assert "brought to the target" not in page_text(app)
    assert float(mean["Bytes"].replace(",", "")) == pytest.approx(np.mean(sizes), abs=0.5)
    app.selectbox(key="shown").select_index(1).run()
    assert "64 x 48 pixels" in page_text(app)


@pytest.mark.slow
def test_the_shown_image_stays_when_another_is_removed(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    files = [(f"{n}.png", encode_png(photograph[: 40 + n])) for n in (0, 1, 1, 2)]
    app = send(open_page("compare", empty_store, query=ALONE), *files)
    app.selectbox(key="shown").select_index(2).run()
    assert "120 x 41 pixels" in page_text(app)
    send(app, *files[1:])
    assert not app.exception
    assert "120 x 41 pixels" in page_text(app)
    shown = app.selectbox(key="shown")
    assert shown.options[shown.index] == "2 of 3: 1.png"
    send(app, files[0], files[3])
    assert "120 x 40 pixels" in page_text(app)


@pytest.mark.slow
def test_versions_of_an_original_are_weighed_and_measured_against_it(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    webp = get_codec("webp").at(40)
    data = webp.encode(photograph)
    app = open_page("compare", empty_store, query=QUICK)
    app.file_uploader[0].set_value(
        [("o.png", encode_png(photograph), "image/png"), ("v_1.webp", data, "image/webp")]
    )
    app.run()
    app.segmented_control(key="role").set_value("versions").run()
    assert not app.exception
    row = app.dataframe[0].value.iloc[0]
    assert (row["label"], row["bytes"]) == ("v_1.webp", len(data))
    assert row["psnr_db"] == pytest.approx(psnr_db.measure(photograph, webp.decode(data)))
    assert layer_names(app)[:2] == ["Original", "v_1.webp"]


@pytest.mark.slow
def test_two_versions_stand_beside_the_original_also_when_their_content_is_equal(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    jpeg = get_codec("jpeg").at(40).encode(photograph)
    webp = get_codec("webp").at(40).encode(photograph)
    app = open_page("compare", empty_store, query=ALONE)
    send(
        app,
        ("o.png", encode_png(photograph)),
        ("a.jpg", jpeg),
        ("b.jpg", jpeg),
        ("c*d*.webp", webp),
        ("small.png", encode_png(photograph[:20, :20])),
    )
    app.segmented_control(key="role").set_value("versions").run()
    assert not app.exception
    assert app.dataframe[0].value["label"].tolist()[:3] == ["a.jpg", "b.jpg", "c*d*.webp"]
    assert layer_names(app)[:4] == ["Original", "a.jpg", "b.jpg", "c*d*.webp"]
    [refused] = [one.value for one in app.warning if "cannot be compared" in one.value]
    assert refused.startswith("small.png has 20 x 20 pixels")


@pytest.mark.slow
def test_versions_of_a_large_image_are_weighed_and_measured_whole(
    open_page: OpenPage, empty_store: Path
) -> None:
    image = large()
    jpeg = get_codec("jpeg").at(60)
    data = jpeg.encode(image)
    app = open_page("compare", empty_store, query=ALONE)
    send(app, ("o.png", encode_png(image)), ("v.jpg", data))
    app.segmented_control(key="role").set_value("versions").run()
    assert not app.exception
    row = app.dataframe[0].value.iloc[0]
    assert row["bits_per_pixel"] == pytest.approx(8 * len(data) / (1500 * 1500))
    assert row["psnr_db"] == pytest.approx(psnr_db.measure(image, jpeg.decode(data)))
    assert not [one for one in app.segmented_control if one.key == "part"]


@pytest.mark.slow
def test_the_smallest_version_is_marked_whatever_the_codecs_are_brought_to(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    versions = [(f"{q}.jpg", get_codec("jpeg").at(q).encode(photograph)) for q in (90, 40)]
    app = open_page("compare", empty_store, query={**ALONE, "mode": "Equal bytes"})
    send(app, ("o.png", encode_png(photograph)), *versions)
    app.segmented_control(key="role").set_value("versions").run()
    assert not app.exception
    column = list(app.dataframe[0].value).index("bytes")
    styles = app.dataframe[0].proto.arrow_data.styler.styles
    assert f"row1_col{column}" in styles
    assert f"row0_col{column}" not in styles


@pytest.mark.slow
def test_the_mean_is_of_the_same_pixels_whichever_image_is_shown(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    app = open_page("compare", empty_store, query={**ALONE, "part": "whole"})
    send(app, ("large.png", encode_png(large())), ("small.png", encode_png(photograph)))
    first = app.dataframe[1].value
    for _ in range(2):
        app.selectbox(key="shown").select_index(1).run()
        assert not app.exception
        assert app.dataframe[1].value.equals(first)
    assert f"the centre counts, {PART_SIDE} x {PART_SIDE} pixels of it." in page_text(app)


@pytest.mark.slow
@pytest.mark.parametrize("role", ["images", "versions"])
def test_an_upload_that_had_to_make_room_is_told_and_nothing_takes_its_place(
    open_page: OpenPage,
    empty_store: Path,
    photograph: Image,
    monkeypatch: pytest.MonkeyPatch,
    role: str,
) -> None:
    found = MemoryUploadedFileManager.get_files

    def without_the_first(self: Any, session_id: Any, file_ids: Any) -> Any:
        return found(self, session_id, list(file_ids)[1:])

    files = [(f"{n}.png", encode_png(photograph[n:])) for n in range(3)]
    app = open_page("compare", empty_store, query=ALONE)
    send(app, *files)
    monkeypatch.setattr(MemoryUploadedFileManager, "get_files", without_the_first)
    app.segmented_control(key="role").set_value(role).run()
    assert "Of your list, 1 file had to make room" in app.error[0].value
    assert bool(app.dataframe) == (role == "images")
    send(app, files[0])
    assert "1 file had to make room" in app.error[0].value
    assert "Sample" not in page_text(app)
