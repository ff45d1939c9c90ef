import io
import json

import numpy as np
import pandas as pd
import pytest

from core.analysis.export import compressai_curve, exchange_files
from core.analysis.zip_archive import zip_of
from core.store.manifest import Manifest


@pytest.fixture
def frame() -> pd.DataFrame:
    rows = [
        {
            "image": f"image {number}",
            "codec": codec,
            "setting": f"quality={dial}",
            "dial": float(dial),
            "width": 160,
            "height": 160,
            "bytes": 100 * dial + number,
            "bits_per_pixel": (100 * dial + number) * 8 / 25600,
            "psnr_db": 20.0 + dial / 10,
            "ssim": 0.9,
            "ssimulacra2": 50.0 if number == 0 else np.nan,
            "lossless": False,
            "encode_seconds": 0.01,
            "decode_seconds": 0.002,
            "error": None,
        }
        for codec in ("jpeg", "webp")
        for dial in (50, 25)
        for number in (0, 1)
    ]
    failed = rows[0] | {"image": "image 2", "bytes": np.nan, "error": "refused"}
    return pd.DataFrame([*rows, failed])


@pytest.fixture
def files(frame: pd.DataFrame) -> dict[str, bytes]:
    created = "2026-01-02T03:04:05+00:00"
    manifest = Manifest("results/tiny/jpeg", created, {"commit": "abc"}, {}, {})
    return exchange_files(frame, {"jpeg": manifest}, dataset="tiny", labels={"jpeg": "JPEG"})


def test_a_curve_is_what_compressai_draws(frame: pd.DataFrame) -> None:
    curve = compressai_curve(frame[(frame["codec"] == "jpeg") & frame["error"].isna()], "J", "tiny")
    results = curve["results"]
    assert results["bpp"] == pytest.approx([2500.5 * 8 / 25600, 5000.5 * 8 / 25600], rel=1e-5)
    assert results["psnr"] == results["psnr-rgb"] == [22.5, 25.0]
    assert results["encoding_time"] == [0.01, 0.01]
    assert {len(values) for values in results.values()} == {2}
    assert "2 images of tiny" in curve["description"]
    assert "SSIMULACRA2 on 1 of them" in curve["description"]


def test_each_setting_is_a_batch_of_codec_compare_and_the_list_names_them_all(files) -> None:
    listed = json.loads(files["codec-compare/batches.json"])
    assert len(listed) == 4
    assert {f"codec-compare/{path}" for [path] in listed} <= files.keys()
    batch = json.loads(files["codec-compare/jpeg_quality_25.json"])
    assert len(batch["constant_descriptions"]) == len(batch["constant_values"])
    names = [next(iter(field)) for field in batch["field_descriptions"]]
    rows = [dict(zip(names, row, strict=True)) for row in batch["field_values"]]
    assert [row["original_name"] for row in rows] == ["image 0", "image 1"]
    assert [row["encoded_size"] for row in rows] == [2500, 2501]
    assert {row["psnr"] for row in rows} == {22.5}
    assert "abc" in batch["constant_values"]
    assert "2026-01-02T03:04:05+00:00" in batch["constant_values"]
    # Not measured on every image, so it would be a gap in a table that has none.
    assert "ssimulacra2" not in names


def test_records_are_whole_and_what_failed_is_left_out(files: dict[str, bytes]) -> None:
    records = pd.read_parquet(io.BytesIO(files["records/jpeg.parquet"]))
    assert len(records) == 4
    assert records["error"].isna().all()
    assert "2 of data set tiny" in files["README.txt"].decode()


def test_the_same_files_make_the_same_archive(files: dict[str, bytes]) -> None:
    assert zip_of(files) == zip_of(dict(files))
