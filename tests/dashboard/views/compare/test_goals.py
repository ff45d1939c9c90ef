from pathlib import Path

import numpy as np
import pytest

from core.images import Image
from core.png import encode_png
from tests.dashboard.page_contents import OpenPage, image_files
from tests.dashboard.views.compare.compared import QUICK, magnified, page_text, shown_as, upload


def test_equal_bytes_brings_the_others_to_the_size_of_one(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("compare", full_store, query={**QUICK, "mode": "Equal bytes"})
    assert not app.exception
    frame = app.dataframe[0].value
    sizes = dict(zip(frame["label"], frame["bytes"], strict=True))
    assert abs(sizes["WebP"] / sizes["JPEG"] - 1) < 0.1
    assert frame["target"].dropna().tolist() == [sizes["JPEG"]]
    assert "Target" in page_text(app)


def test_equal_psnr_takes_a_target_of_ones_own_from_the_link(
    open_page: OpenPage, full_store: Path
) -> None:
    query = {
        **QUICK,
        "mode": "Equal PSNR",
        "target_psnr_db_from": "A value of my own",
        "target_psnr_db": "33",
    }
    frame = open_page("compare", full_store, query=query).dataframe[0].value
    assert frame["target"].tolist() == [33.0, 33.0]
    assert (frame["psnr_db"] - 33).abs().max() < 0.5


@pytest.mark.slow
def test_equal_ssimulacra2_is_searched_too(
    open_page: OpenPage, full_store: Path, photograph: Image
) -> None:
    query = {**QUICK, "mode": "Equal SSIMULACRA2"}
    app = upload(open_page("compare", full_store, query=query), encode_png(photograph))
    frame = app.dataframe[0].value
    assert abs(frame["ssimulacra2"][0] - frame["ssimulacra2"][1]) < 3


@pytest.mark.slow
def test_a_target_out_of_reach_is_said_and_no_image_is_shown_for_it(
    open_page: OpenPage, full_store: Path, photograph: Image
) -> None:
    query = {
        **QUICK,
        "mode": "Equal bytes",
        "target_bytes_from": "Bytes of my own",
        "target_bytes": "5",
    }
    app = upload(open_page("compare", full_store, query=query), encode_png(photograph))
    assert not app.exception
    problems = [warning.value for warning in app.warning]
    assert [problem[:25] for problem in problems] == ["5 bytes cannot be reached"] * 2
    assert image_files(app) == [shown_as(magnified(photograph, 3))]
    assert "achieved" not in app.dataframe[0].value


@pytest.mark.slow
def test_lossless_codecs_take_part_as_set_and_are_left_out_of_a_search(
    open_page: OpenPage, full_store: Path
) -> None:
    query = {**QUICK, "codecs": ["JPEG", "PNG"]}
    as_set = open_page("compare", full_store, query=query)
    assert as_set.dataframe[0].value["psnr_db"].tolist()[1] == float("inf")
    equal = open_page("compare", full_store, query={**query, "mode": "Equal bytes"})
    assert equal.dataframe[0].value["bytes"].notna().tolist() == [True, False]
    assert "cannot reach a target" in page_text(equal)


@pytest.mark.slow
def test_above_two_megapixels_slow_metrics_wait_for_a_request_and_are_not_searched(
    open_page: OpenPage, empty_store: Path
) -> None:
    large = np.zeros((1500, 1500, 3), np.uint8)
    query = {**QUICK, "codecs": "JPEG", "mode": "Equal SSIMULACRA2", "part": "Whole image"}
    app = upload(open_page("compare", empty_store, query=query), encode_png(large))
    assert "takes too long for this image of 2.2 megapixels" in page_text(app)
    app.segmented_control(key="mode").set_value("as_set").run()
    frame = app.dataframe[0].value
    assert "ssim" in frame
    assert "ssimulacra2" not in frame


@pytest.mark.slow
def test_equal_bytes_is_the_start_and_each_card_says_what_the_search_found(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    app = open_page("compare", empty_store, query={"codecs": ["JPEG", "WebP"]})
    upload(app, encode_png(photograph))
    frame = app.dataframe[0].value
    assert frame["target"].dropna().tolist() == [frame["bytes"][0]]
    size = f"{frame['bytes'][1]:,} bytes"
    assert any(
        text.value.startswith("Found: **quality=") and size in text.value for text in app.caption
    )
    assert "WebP" not in [slider.label for slider in app.select_slider]
    assert [slider.key for slider in app.select_slider] == ["jpeg_quality"]
