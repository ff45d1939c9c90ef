import numpy as np
import pytest

from core.analysis.bd_tables import bd_matrix, bd_table

LABELS = {"jpeg": "JPEG", "webp": "WebP", "avif": "AVIF"}


def test_the_table_lists_the_other_codecs_from_the_smallest_files_up(three_codecs):
    table = bd_table(three_codecs, anchor="jpeg", labels=LABELS, samples=50)
    assert list(table["label"]) == ["AVIF", "WebP"]
    assert table["bd_rate_percent"].iloc[0] == pytest.approx(-75)
    assert table["low_percent"].iloc[1] < table["bd_rate_percent"].iloc[1]
    assert table["high_percent"].iloc[1] > table["bd_rate_percent"].iloc[1]
    assert table["bd_quality"].iloc[0] == pytest.approx(10)
    assert set(table["note"]) == {""}


def test_a_codec_out_of_reach_says_why_and_comes_last(three_codecs, measured):
    far = three_codecs | {"png8": measured("png8", gain=100)}
    row = bd_table(far, anchor="jpeg", labels=LABELS, samples=10).iloc[-1]
    assert row["codec"] == "png8"
    assert np.isnan(row["bd_rate_percent"])
    assert row["note"] == "the curves do not overlap"


def test_a_small_overlap_is_noted(measured):
    near = {"jpeg": measured("jpeg"), "webp": measured("webp", gain=12)}
    table = bd_table(near, anchor="jpeg", labels=LABELS, samples=10)
    assert table["note"].iloc[0] == "overlap below 25 %"
    assert not np.isnan(table["bd_rate_percent"].iloc[0])


def test_one_image_has_no_interval_and_a_small_overlap_is_noted_all_the_same(measured):
    near = {"jpeg": measured("jpeg", images=1), "webp": measured("webp", images=1, gain=12)}
    row = bd_table(near, anchor="jpeg", labels=LABELS, samples=10).iloc[0]
    assert row["note"] == "of one image, so no interval; overlap below 25 %"
    assert np.isnan([row["low_percent"], row["high_percent"]]).all()
    assert not np.isnan(row["bd_rate_percent"])


def test_an_anchor_alone_gives_a_table_with_columns_and_no_row(measured):
    table = bd_table({"jpeg": measured("jpeg")}, anchor="jpeg", labels=LABELS)
    assert table.empty
    assert "bd_rate_percent" in table


def test_opposite_cells_of_the_matrix_undo_each_other(three_codecs):
    matrix = bd_matrix(three_codecs)
    product = (1 + matrix.loc["webp", "jpeg"] / 100) * (1 + matrix.loc["jpeg", "webp"] / 100)
    assert product == pytest.approx(1)
    assert matrix.loc["avif", "jpeg"] == pytest.approx(-75)
    assert np.isnan(matrix.loc["jpeg", "jpeg"])
