import math

import pandas as pd
import pytest

from core.evaluation.comparison import Reached, Reconstruction
from core.evaluation.record import Record
from dashboard.widgets.reconstruction_table import (
    best_cells,
    comparison_table,
    file_name,
    reached_words,
    readouts,
)


def _found(
    codec: str,
    *,
    size: int = 1000,
    psnr: float = 30.0,
    match: Reached | None = None,
    setting: str = "quality=75",
) -> Reconstruction:
    record = Record(
        "",
        codec,
        setting,
        width=40,
        height=20,
        bytes=size,
        bits_per_pixel=8 * size / 800,
        metrics={"psnr_db": psnr, "ssim": 0.9},
        encode_seconds=0.25,
        decode_seconds=0.001,
    )
    return Reconstruction(codec.upper(), ".bin", record, b"x" * size, match=match)


FAILED = Reconstruction(
    "WEBP",
    ".webp",
    Record("", "webp", ""),
    match=Reached(10.0, 60.0, 5.0),
    problem="10 bytes cannot be reached.",
)


def test_a_size_is_told_as_bytes_as_share_of_the_upload_and_of_raw_and_per_pixel() -> None:
    (row,) = comparison_table([_found("jpeg", size=600)], upload_bytes=4000).to_dict("records")
    assert row["bytes"] == 600
    assert row["upload_percent"] == 15.0
    assert row["raw_percent"] == 25.0
    assert row["bits_per_pixel"] == 6.0
    assert (row["encode_ms"], row["decode_ms"]) == (250.0, 1.0)


def test_the_payload_is_counted_beside_the_whole_file_and_only_on_request() -> None:
    found = [_found("jpeg", size=900), FAILED]
    assert "payload_bytes" not in comparison_table(found, upload_bytes=None)
    frame = comparison_table(found, upload_bytes=None, containers={"jpeg": 600, "webp": 40})
    row = frame.iloc[0]
    assert (row["bytes"], row["container_bytes"], row["payload_bytes"]) == (900, 600, 300)
    assert row["bits_per_pixel"] == 9.0
    assert row["payload_bits_per_pixel"] == 3.0
    assert readouts(frame)[0]["Payload (bytes)"] == "300"
    assert frame["container_bytes"].isna().tolist() == [False, True]


def test_a_sample_has_no_share_of_an_upload() -> None:
    assert "upload_percent" not in comparison_table([_found("jpeg")], upload_bytes=None)


def test_the_best_of_each_column_is_the_smallest_file_and_the_highest_quality() -> None:
    found = [_found("jpeg", size=900, psnr=math.inf), _found("webp", size=700, psnr=31.0)]
    best = best_cells(comparison_table(found, upload_bytes=None))
    assert best["bytes"].tolist() == [False, True]
    assert best["psnr_db"].tolist() == [True, False]
    assert not best["setting"].any()


def test_equal_values_and_what_was_made_equal_have_no_best() -> None:
    found = [_found("jpeg", size=900), _found("webp", size=901)]
    frame = comparison_table(found, upload_bytes=None)
    assert not best_cells(frame)["ssim"].any()
    equal = best_cells(frame, equal="bytes")
    assert not equal[["bytes", "bits_per_pixel"]].to_numpy().any()


def test_a_codec_that_missed_its_target_has_no_values_and_is_never_the_best() -> None:
    frame = comparison_table([_found("jpeg"), _found("avif", size=900), FAILED], upload_bytes=None)
    assert frame["setting"].tolist() == ["quality=75", "quality=75", "out of reach"]
    assert pd.isna(frame["bytes"][2])
    assert not best_cells(frame).loc[2].any()
    assert frame["problem"][2] == "10 bytes cannot be reached."


def test_words_beside_an_image_spell_its_numbers_and_leave_out_what_is_missing() -> None:
    found = [_found("jpeg", size=12_000, psnr=math.inf), FAILED]
    first, second = readouts(comparison_table(found, upload_bytes=None))
    assert first["Bytes"] == "12,000"
    assert first["PSNR (dB)"] == "∞ (exact)"
    assert first["SSIM"] == "0.9000"
    assert "Bytes" not in second


def test_target_achieved_and_error_stand_in_one_line() -> None:
    found = _found("jpeg", match=Reached(20_000.0, 20_400.0, 0.02))
    assert reached_words(found, "bytes") == (
        "Target 20,000 bytes, achieved 20,400 bytes (+2.0\u00a0%)"
    )
    better = _found("jpeg", match=Reached(35.0, 34.972, -0.0008))
    assert reached_words(better, "psnr_db") == "Target 35.00, achieved 34.97 (-0.1\u00a0%)"
    assert reached_words(_found("jpeg"), "bytes") is None


def test_an_error_against_a_target_of_zero_is_a_difference_and_no_share() -> None:
    found = _found("jpeg", match=Reached(0.0, 0.4, 0.4))
    assert reached_words(found, "ssimulacra2") == "Target 0.00, achieved 0.40 (+0.40)"
    assert "error_percent" not in comparison_table([found], upload_bytes=None)


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("quality=75", "bottleneck-jpeg-quality-75.jpg"),
        ("quality=75, subsampling=4:4:4", "bottleneck-jpeg-quality-75-subsampling-4-4-4.jpg"),
        ("../../etc <script>", "bottleneck-jpeg-etc-script.jpg"),
    ],
)
def test_downloads_have_names_of_our_own(setting: str, name: str) -> None:
    assert file_name(_found("jpeg", setting=setting), suffix=".jpg") == name
