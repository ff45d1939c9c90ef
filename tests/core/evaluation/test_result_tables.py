"""Tables of results: their columns, types and files."""

import math
from dataclasses import replace

import numpy as np

from core.evaluation.table import columns, concatenate, from_parquet, to_frame, to_parquet, to_table
from tests.core.evaluation.raw_codec import (
    EXPECTED_COLUMNS,
    Raw,
    RefusesToDecode,
    RefusesToEncode,
    frame_of,
    measured,
    types_of,
)


def test_a_table_has_the_agreed_columns_in_order(image):
    assert columns() == EXPECTED_COLUMNS
    assert list(frame_of(measured(Raw(), image)).columns) == EXPECTED_COLUMNS


def test_an_infinite_psnr_is_stored_as_null_beside_lossless(image):
    row = frame_of(measured(Raw(), image)).iloc[0]
    assert math.isnan(row["psnr_db"])
    assert row["lossless"]


def test_the_types_do_not_depend_on_what_a_table_holds(image):
    good, bad = measured(Raw(dial=1.0), image), measured(RefusesToDecode(), image)
    expected = types_of(frame_of(good, bad))
    for records in ([], [good], [bad]):
        assert types_of(frame_of(*records)) == expected


def test_an_error_is_missing_where_nothing_went_wrong(image):
    frame = frame_of(measured(Raw(), image), measured(RefusesToDecode(), image))
    assert frame["error"].isna().tolist() == [True, False]
    assert frame["bytes"].isna().tolist() == [False, True]


def test_a_table_survives_its_file(image):
    records = [measured(Raw(brighter=level, dial=level), image) for level in range(3)]
    before = to_table([*records, measured(RefusesToEncode(), image)])
    after = from_parquet(to_parquet(before))
    assert to_frame(after).equals(to_frame(before))
    sizes = to_frame(after)["bits_per_pixel"].dropna()
    assert (sizes == 8 * (7 + image.size) / 120).all()


def test_twenty_thousand_rows_stay_below_a_megabyte(image):
    random = np.random.default_rng(2)
    record = measured(Raw(brighter=1), image)
    rows = []
    for number in range(20_000):
        size, quality, psnr_db, ssim, seconds = random.random(5)
        changed = {
            "image": f"n01440764/ILSVRC2012_val_{number // 10:08d}.JPEG",
            "setting": f"quality={number % 10}",
            "bytes": int(9000 * size),
            "bits_per_pixel": 8 * int(9000 * size) / 25_600,
            "metrics": {"psnr_db": 20 + 20 * psnr_db, "ssim": ssim},
            "encode_seconds": seconds,
            "decode_seconds": quality,
            "metric_seconds": size,
        }
        rows.append(replace(record, **changed))
    assert len(to_parquet(to_table(rows))) < 1_000_000


def test_a_table_without_a_newer_metric_gets_nulls(image):
    whole = to_table([measured(Raw(brighter=1), image)])
    older = whole.drop_columns(["ms_ssim_4", "ssimulacra2"])
    frame = to_frame(concatenate([older, whole]))
    assert list(frame.columns) == EXPECTED_COLUMNS
    assert frame["ssimulacra2"].isna().tolist() == [True, False]
