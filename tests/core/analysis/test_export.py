import io
import json

import numpy as np
import pandas as pd
import pytest

from core.analysis.compressai import compressai_curve, image_sets
from core.analysis.export import exchange_files
from core.analysis.zip_archive import zip_of
from core.store.manifest import Manifest


def row(codec: str, dial: float | None, number: int, **changes: object) -> dict[str, object]:
    size = 100 * (dial or 90) + number
    return {
        "image": f"image {number}",
        "codec": codec,
        "setting": "lossless" if dial is None else f"quality={dial:g}",
        "dial": np.nan if dial is None else dial,
        "width": 160.0,
        "height": 160.0,
        "bytes": size,
        "bits_per_pixel": size * 8 / 25600,
        "psnr_db": np.nan if dial is None else float(np.float32(20.1 + dial / 10)),
        "ssim": 0.9,
        "ms_ssim": 0.95,
        "ssimulacra2": 50.0 if number == 0 else np.nan,
        "lossless": dial is None,
        "encode_seconds": float(np.float32(0.0123456)),
        "decode_seconds": 0.002,
        "error": None,
        **changes,
    }


@pytest.fixture
def frame() -> pd.DataFrame:
    rows = [
        row(codec, dial, number)
        for codec, dials in {"avif": (50, 25), "jpeg": (50, 25), "png": (None,)}.items()
        for dial in dials
        for number in (0, 1)
    ]
    rows.append(row("jpeg", 50, 2, bytes=np.nan, error="refused"))
    rows.append(row("jpeg", 90, 3, psnr_db=np.nan, lossless=True))
    return pd.DataFrame(rows)


@pytest.fixture
def files(frame: pd.DataFrame) -> dict[str, bytes]:
    created = "2026-01-02T03:04:05+00:00"
    program = {"commit": "abc", "versions": {"pillow": "13.0.0", "numpy": "2.0", "keras": "3"}}
    manifest = Manifest("results/tiny/jpeg", created, program, {}, {})
    return exchange_files(frame, {"jpeg": manifest}, dataset="tiny", labels={"jpeg": "JPEG"})


def rows_of(batch: dict[str, list[object]]) -> list[dict[str, object]]:
    names = [next(iter(field)) for field in batch["field_descriptions"]]
    return [dict(zip(names, values, strict=True)) for values in batch["field_values"]]


def test_a_curve_is_what_compressai_draws(frame: pd.DataFrame) -> None:
    rows = frame[(frame["codec"] == "avif")]
    whole, subset = image_sets(rows, is_lossless=False)
    results = compressai_curve(whole.rows, "A", "tiny", whole.columns)["results"]
    assert results["bpp"] == pytest.approx([2500.5 * 8 / 25600, 5000.5 * 8 / 25600])
    assert results["psnr"] == results["psnr-rgb"] == pytest.approx([22.6, 25.1])
    assert results["ms-ssim"] == results["ms-ssim-rgb"] == pytest.approx([0.95, 0.95])
    assert "ssimulacra2" not in results
    assert {len(values) for values in results.values()} == {2}
    curve = compressai_curve(subset.rows, "A", "tiny", subset.columns)
    assert curve["results"]["bpp"] == [2500 * 8 / 25600, 5000 * 8 / 25600]
    assert curve["results"]["ssimulacra2"] == [50.0, 50.0]
    assert "means over 1 image of tiny" in curve["description"]


def test_curves_of_lossless_codecs_and_of_the_subset_have_folders_of_their_own(files) -> None:
    curves = {name for name in files if name.startswith("compressai/")}
    assert curves == {
        "compressai/avif.json",
        "compressai/jpeg.json",
        "compressai/lossless/png.json",
        "compressai/subset/avif.json",
        "compressai/subset/jpeg.json",
    }
    assert all(
        "psnr" in json.loads(files[f"compressai/{name}.json"])["results"]
        for name in ("avif", "jpeg")
    )


def test_each_codec_is_one_batch_of_codec_compare_with_jpeg_as_the_reference(files) -> None:
    assert json.loads(files["codec-compare/batches.json"]) == [["jpeg.json"], ["avif.json"]]
    assert json.loads(files["codec-compare/lossless_batches.json"]) == [["png.json"]]
    batch = json.loads(files["codec-compare/jpeg.json"])
    assert len(batch["constant_descriptions"]) == len(batch["constant_values"])
    told = [next(iter(one)) for one in batch["constant_descriptions"]]
    constants = dict(zip(told, batch["constant_values"], strict=True))
    assert constants["source data set"] == "tiny"
    assert constants["version"] == "pillow 13.0.0"
    assert constants["time"] == "2026-01-02T03:04:05+00:00"
    rows = rows_of(batch)
    assert [row["original_name"] for row in rows] == ["image 0", "image 1"] * 2
    assert [row["encoded_size"] for row in rows] == [2500, 2501, 5000, 5001]
    assert [row["quality"] for row in rows] == [25, 25, 50, 50]
    # Not measured on every image, so it would be a gap in a table that has none.
    assert "ssimulacra2" not in rows[0]


def test_the_viewer_knows_every_metric_that_it_has_by_its_own_name(files) -> None:
    fields = rows_of(json.loads(files["codec-compare/jpeg.json"]))[0].keys()
    assert {"psnr", "ssim", "msssim"} <= fields
    assert "ms_ssim" not in fields


def test_numbers_are_exact_and_no_longer_than_that(files) -> None:
    first = rows_of(json.loads(files["codec-compare/jpeg.json"]))[0]
    assert first["psnr"] == 22.6
    assert first["encoding_time"] == 0.0123456


def test_a_row_whose_distortion_is_infinite_is_left_out(files) -> None:
    rows = rows_of(json.loads(files["codec-compare/jpeg.json"]))
    assert "image 3" not in {row["original_name"] for row in rows}
    assert all(row["psnr"] is not None for row in rows)


def test_records_are_all_rows_with_counts_as_integers(files: dict[str, bytes]) -> None:
    records = pd.read_parquet(io.BytesIO(files["records/jpeg.parquet"]))
    assert len(records) == 6
    assert records["error"].notna().sum() == 1
    assert str(records.dtypes["bytes"]) == "Int64"
    assert records["bytes"].isna().sum() == 1
    readme = files["README.txt"].decode()
    assert "3 of data set tiny" in readme
    assert "null beside `lossless` is infinite" in readme


def test_a_setting_that_is_exact_on_every_image_takes_no_psnr_from_the_others() -> None:
    rows = pd.DataFrame(
        [
            row("avif", 25, 0),
            row("avif", 50, 0),
            row("avif", 94, 0, psnr_db=np.nan, lossless=True, ssimulacra2=np.nan),
        ]
    )
    whole, *_ = image_sets(rows, is_lossless=False)
    curve = compressai_curve(whole.rows, "A", "tiny", whole.columns)
    assert curve["results"]["psnr"] == pytest.approx([22.6, 25.1])
    assert "means over 1 image" in curve["description"]


def test_a_set_without_an_image_is_not_written() -> None:
    rows = pd.DataFrame([row("avif", dial, 0) for dial in (25, 50)])
    rows.loc[0, "ssimulacra2"] = np.nan
    rows.loc[1, "ms_ssim"] = np.nan
    assert [found.folder for found in image_sets(rows, is_lossless=False)] == [""]


def test_the_same_files_make_the_same_archive(files: dict[str, bytes]) -> None:
    assert zip_of(files) == zip_of(dict(files))
