import pandas as pd

from core.store import Manifest
from dashboard.charts.captions import (
    basis_line,
    no_container_line,
    notes_line,
    removed_line,
    size_line,
    source_line,
)
from dashboard.charts.rate_distortion import point_table


def manifest(codec, *, commit="0123456789abcdef", created="2026-01-02T10:00:00+00:00"):
    facts = {"dataset": {"sha256": "fedcba9876543210", "images": 4}}
    return Manifest(f"results/x/{codec}", created, {"commit": commit}, facts, {})


def test_the_basis_names_the_images_and_the_whole(measured):
    points = point_table({"jpeg": measured("jpeg")}, {})
    assert "over 50 of 60 images" in basis_line(points, total=60, on_subset=False)
    assert "a fixed subset of 50 of 1,964" in basis_line(points, total=1964, on_subset=True)


def test_the_basis_names_codecs_that_lost_images(measured):
    points = point_table({"jpeg": measured("jpeg")}, {"jpeg": "JPEG"}).assign(dropped=3)
    line = basis_line(points, total=53, on_subset=False)
    assert line.endswith("Left out, for they came back exactly at some setting: JPEG 3.")


def test_the_basis_says_what_the_rate_counts_and_which_mean_it_is(measured):
    points = point_table({"jpeg": measured("jpeg")}, {})
    assert "counts the whole file" in basis_line(points, total=60, on_subset=False)
    line = basis_line(points, total=60, on_subset=False, payload=True, pooled=True)
    assert "The rate leaves out the container: headers, tables and boxes." in line
    assert "the mean rate and the PSNR of the mean squared error over 50" in line
    assert "whole file" not in line


def test_codecs_whose_container_is_not_known_are_named():
    assert no_container_line([]) == ""
    assert no_container_line(["HEIC", "HEIC 4:4:4"]).startswith("Not drawn: HEIC, HEIC 4:4:4.")


def test_no_point_needs_no_basis():
    assert basis_line(point_table({}, {}), total=60, on_subset=False) == ""


def test_a_filter_says_how_many_points_it_leaves_out():
    assert removed_line(kept=7, total=10) == "The range leaves out 3 of 10 points."
    assert removed_line(kept=10, total=10) == ""


def test_one_image_one_codec_and_one_point_are_not_plural(measured):
    points = point_table({"jpeg": measured("jpeg", images=1)}, {})
    assert "over 1 of 1 image: those" in basis_line(points, total=1, on_subset=False)
    assert removed_line(kept=0, total=1) == "The range leaves out 1 of 1 point."
    assert "· 1 image · 1 codec ·" in source_line({"jpeg": manifest("jpeg")}, images=1)
    sizes = pd.DataFrame({"source_width": [160, 500, 500], "source_height": [160, 375, 375]})
    assert "1 was 160 x 160 already and keeps its JPEG blocks." in size_line(sizes)
    twice = pd.concat([sizes, sizes])
    assert "2 were 160 x 160 already and keep their JPEG blocks." in size_line(twice)


def test_notes_are_gathered_by_reason():
    table = pd.DataFrame({"label": ["A", "B", "C"], "note": ["far", "", "far"]})
    assert notes_line(table) == "A, C: far."
    assert notes_line(table.iloc[[1]]) == ""


def test_the_source_names_data_code_and_dates():
    manifests = {
        "jpeg": manifest("jpeg"),
        "webp": manifest("webp", created="2026-01-05T10:00:00+00:00"),
    }
    assert source_line(manifests, images=1964) == (
        "Data set fedcba987654 · 1,964 images · 2 codecs · code 0123456789 · "
        "2026-01-02 to 2026-01-05"
    )
