from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from core.codecs import get_codec
from core.dataset.splits import open_split
from core.images import Image
from core.intake.decode import decode_image
from core.png import encode_png
from core.store import ArtifactStore
from tests.dashboard.page_contents import OpenPage, image_files
from tests.dashboard.views.compare.compared import (
    GOLDEN,
    QUICK,
    magnified,
    page_text,
    shown_as,
    upload,
    with_learned_codec,
)


@pytest.mark.slow
def test_an_upload_is_shown_pixel_by_pixel_as_its_file_decodes(
    open_page: OpenPage, full_store: Path, photograph: Image
) -> None:
    app = open_page("compare", full_store, query=QUICK)
    upload(app, encode_png(photograph))
    assert not app.exception
    jpeg = get_codec("jpeg").at(60)
    decoded = jpeg.decode(jpeg.encode(photograph))
    assert shown_as(magnified(photograph, 3)) in image_files(app)
    assert shown_as(magnified(decoded, 3)) in image_files(app)
    row = app.dataframe[0].value.iloc[0]
    assert row["bytes"] == len(jpeg.encode(photograph))
    assert row["upload_percent"] == pytest.approx(100 * row["bytes"] / len(encode_png(photograph)))
    assert app.get("bidi_component"), "the comparison viewer is on the page"


@pytest.mark.slow
def test_what_the_intake_changed_is_said(
    open_page: OpenPage, full_store: Path, photograph: Image, tmp_path: Path
) -> None:
    file = tmp_path / "transparent.png"
    alpha = np.full((*photograph.shape[:2], 1), 128, np.uint8)
    PIL.Image.fromarray(np.concatenate([photograph, alpha], axis=2)).save(file)
    app = upload(open_page("compare", full_store, query=QUICK), file.read_bytes())
    (note,) = decode_image(file.read_bytes()).notes
    assert note in [info.value for info in app.info]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "an empty file"),
        (b"%PDF-1.7 not an image", "a PDF document"),
        (b"<svg onload='alert(1)'/>", "markup"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "The image is empty"),
    ],
)
def test_a_bad_upload_gets_one_sentence_and_the_session_goes_on(
    open_page: OpenPage, full_store: Path, photograph: Image, data: bytes, words: str
) -> None:
    app = open_page("compare", full_store, query=QUICK)
    upload(app, data, "<script>alert(1)</script>.png")
    assert not app.exception
    (error,) = app.error
    assert words in error.value
    assert len(app.dataframe) == 0
    assert "<script>" not in page_text(app)
    upload(app, encode_png(photograph))
    assert not app.error
    assert len(app.dataframe) == 1


@pytest.mark.slow
def test_an_upload_comes_before_the_test_image_of_the_link(
    open_page: OpenPage, full_store: Path, photograph: Image
) -> None:
    image_id = open_split(ArtifactStore(full_store), "test").ids[0]
    app = open_page("compare", full_store, query={"image": image_id, "codecs": "JPEG"})
    upload(app, encode_png(photograph))
    assert not app.exception
    assert "120 x 80 pixels" in page_text(app)


@pytest.mark.slow
def test_a_file_of_the_learned_codec_is_opened_and_weighed(
    open_page: OpenPage, empty_store: Path
) -> None:
    data = (GOLDEN / "streams" / "odd_50.bnk").read_bytes()
    app = open_page("compare", with_learned_codec(empty_store), query=QUICK)
    upload(app, data, "photo.bnk")
    assert not app.exception
    assert not app.error
    assert f"{len(data):,} bytes" in page_text(app)
    upload(app, data[:-2], "cut.bnk")
    assert "The file is refused" in app.error[0].value


@pytest.mark.slow
def test_a_tall_image_gives_no_tall_page(open_page: OpenPage, empty_store: Path) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    upload(app, encode_png(np.full((2400, 60, 3), 128, np.uint8)))
    assert not app.exception
    middle = np.full((120, 60, 3), 128, np.uint8)
    assert set(image_files(app)) == {shown_as(magnified(middle, 3))}
