import json
import os

import numpy as np
import pandas as pd
import pytest

from core.analysis.imported.columns import column_of
from core.analysis.imported.reading import MAX_BYTES, read_bytes, read_results
from core.analysis.imported.table import Imported, UnusableImport


def read(text: str, name: str = "curve.csv", source: str | None = "a paper") -> Imported:
    return read_results(text.encode(), name=name, source=source)


def curve(**results: object) -> str:
    return json.dumps({"name": "VTM", "description": "by hand", "results": results})


def batch(**changes: object) -> str:
    content = {
        "constant_descriptions": [{"codec": "Codec"}, {"version": "Version"}],
        "constant_values": ["webp2", "0.1"],
        "field_descriptions": [
            {name: "..."}
            for name in ("original_name", "effort", "quality", "width", "height", "encoded_size")
        ]
        + [{"psnr": "PSNR"}, {"dssim": "DSSIM"}, {"encoding_time": "s"}],
        "field_values": [
            [f"{image}.png", 5, quality, 100, 50, 10 * quality + image, 30 + quality / 10, 0.1, 1.5]
            for image in (1, 2)
            for quality in (50, 75)
        ],
    }
    return json.dumps(content | changes)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        *[(name, "psnr_db") for name in ("psnr", "PSNR (dB)", "psnr-rgb", "psnr_rgb_db")],
        *[(name, "ms_ssim") for name in ("ms-ssim", "MS-SSIM (RGB)", "ms-ssim-rgb", "msssim")],
        *[(name, "bits_per_pixel") for name in ("bpp", "Rate (bpp)", "bits per pixel")],
        ("SSIMULACRA2", "ssimulacra2"),
        ("encoded_size", "bytes"),
        *[(name, None) for name in ("psnr-y", "ms-ssim-db", "vmaf", "")],
    ],
)
def test_columns_are_known_by_the_names_that_tools_give_them(name: str, column: str) -> None:
    assert column_of(name) == column


def test_a_row_without_an_image_is_a_mean_over_as_many_as_it_says() -> None:
    found = read("codec,image,setting,images,bpp,psnr\nA,,1,24,0.5,30\nA, ,2,24,1,33\n")
    assert found.rows["image"].isna().all()
    assert found.rows["images"].tolist() == [24, 24]


def test_means_beside_single_images_of_a_curve_are_refused_and_of_another_curve_are_not() -> None:
    images = "codec,image,setting,bpp,psnr\nA,a,1,0.5,30\nA,b,1,0.6,31\n"
    with pytest.raises(UnusableImport, match="A at 1 has no image, like a mean, but other rows"):
        read(f"{images}A,,1,0.55,30.5\n")
    assert read(f"{images}B,,1,0.55,30.5\n").curves == ("A", "B")


def test_errors_name_the_line_of_the_file_blank_lines_included() -> None:
    with pytest.raises(UnusableImport, match="Line 5, column psnr, must be a finite number"):
        read("bpp,psnr\n\n0.5,30\n\n0.6,nan\n")


def test_a_plain_csv_file_is_one_curve_called_as_the_file() -> None:
    found = read("bpp,psnr,vmaf\n0.5,30.25,70\n1.0,33,80\n", name="VVenC.csv")
    assert found.curves == ("VVenC",)
    assert found.unused == ("vmaf",)
    assert found.rows["bits_per_pixel"].tolist() == [0.5, 1.0]
    assert found.rows["psnr_db"].tolist() == [30.25, 33.0]
    assert found.rows["source"].unique().tolist() == ["a paper"]
    assert found.rows["image"].isna().all()


def test_a_csv_file_may_name_curves_settings_images_and_its_source() -> None:
    found = read(
        "codec,quality,image,bytes,width,height,ssim,source\n"
        "A,10,one,100,40,20,0.5,them\nA,10,two,200,40,20,0.6,them\nB,x,one,50,40,20,,them\n",
        source=None,
    )
    assert found.curves == ("A", "B")
    assert found.rows["bits_per_pixel"].tolist() == [1.0, 2.0, 0.5]
    assert found.rows["setting"].tolist() == ["10", "10", "x"]
    assert np.isnan(found.rows["ssim"].iloc[2])
    assert set(found.rows["source"]) == {"them"}


def test_the_argument_wins_over_the_source_in_the_file() -> None:
    assert read("bpp,psnr,source\n1,30,them\n").rows["source"].tolist() == ["a paper"]


def test_a_curve_of_compressai_brings_its_name_and_description() -> None:
    lists = {
        "bpp": [0.1, 0.2],
        "psnr": [28.0, 30.0],
        "psnr-rgb": [27.5, 29.5],
        "encoding_time": [1, 1],
    }
    found = read(curve(**lists), name="vtm.json", source=None)
    assert found.curves == ("VTM",)
    assert found.rows["psnr_db"].tolist() == [27.5, 29.5]  # that which names RGB
    assert found.rows["source"].unique().tolist() == ["by hand"]


def test_a_batch_of_codec_compare_has_a_row_per_image_and_setting() -> None:
    found = read(batch(), name="webp2.json", source=None)
    assert found.curves == ("webp2",)
    assert found.rows["image"].tolist() == ["1.png", "1.png", "2.png", "2.png"]
    assert found.rows["setting"].tolist() == ["effort=5, quality=50", "effort=5, quality=75"] * 2
    assert found.rows["bits_per_pixel"].tolist() == [8 * b / 5000 for b in (501, 751, 502, 752)]
    assert found.rows["source"].iloc[0] == "codec-compare batch: webp2, 0.1"
    assert found.unused == ("dssim", "encoding_time")


def with_field(name: str, values: list[float]) -> str:
    """The batch with one more field."""
    content = json.loads(batch())
    content["field_descriptions"].append({name: "..."})
    content["field_values"] = [
        [*row, value] for row, value in zip(content["field_values"], values, strict=True)
    ]
    return json.dumps(content)


def of_images(*numbers: int) -> str:
    """A batch of three settings of every image, with a measurement of its own invention."""
    values = [
        [f"{image}.png", 5, quality, 100, 50, 10 * quality, 30.0, 0.1, 1.5, image / 7 + quality]
        for image, quality in zip(numbers, (50, 75, 90) * len(numbers), strict=False)
    ]
    fields = json.loads(batch())["field_descriptions"]
    return batch(field_values=values, field_descriptions=[*fields, {"sharpness": "..."}])


def test_the_settings_of_a_single_image_are_told_apart() -> None:
    found = read(of_images(1, 1, 1), name="a.json")
    assert found.rows["setting"].tolist() == [f"effort=5, quality={q}" for q in (50, 75, 90)]


def test_an_image_at_fewer_settings_hides_none_of_the_others() -> None:
    found = read(of_images(1, 1, 1, 2), name="a.json")
    assert found.rows["setting"].tolist() == [f"effort=5, quality={q}" for q in (50, 75, 90, 50)]


def test_a_measurement_is_no_setting_of_several_images() -> None:
    twice = json.loads(of_images(1, 1, 1, 2, 2, 2))
    twice["field_values"][2][2] = 75  # a setting that is there twice, with another measurement
    with pytest.raises(UnusableImport, match="twice"):
        read(json.dumps(twice), name="a.json")


def test_the_sizes_of_a_batch_give_the_rate_beside_one_that_is_rounded() -> None:
    exact = [8 * size / 5000 for size in (501, 751, 502, 752)]
    found = read(with_field("bpp", [round(rate, 2) for rate in exact]), name="a.json")
    assert found.rows["bits_per_pixel"].tolist() == exact


def test_a_rate_in_bytes_per_pixel_is_refused_with_both_values_in_every_format(tmp_path) -> None:
    message = "states 0.1002 bits per pixel, but 501 bytes of 100x50 pixels are 0.8016"
    in_bytes = [size / 5000 for size in (501, 751, 502, 752)]
    with pytest.raises(UnusableImport, match=message):
        read(with_field("bpp", in_bytes), name="a.json")
    with pytest.raises(UnusableImport, match=message):
        read("bpp,bytes,width,height,psnr\n0.1002,501,100,50,30\n")
    records = {"image": ["a"], "codec": ["x"], "setting": ["1"], "bytes": [501], "psnr_db": [30.0]}
    table = pd.DataFrame(records | {"bits_per_pixel": [0.1002], "width": [100], "height": [50]})
    with pytest.raises(UnusableImport, match=message):
        read_results(table.to_parquet(), name="a.parquet", source="us")


def test_a_batch_whose_rate_alone_is_known_is_refused_as_it_may_be_in_bytes() -> None:
    content = json.loads(with_field("bpp", [0.5, 1.0, 0.5, 1.0]))
    content["field_descriptions"][3] = {"columns": "not called width"}
    with pytest.raises(UnusableImport, match="bpp alone may be in bytes or in bits"):
        read(json.dumps(content), name="a.json")


def test_a_mean_of_sizes_need_not_be_whole() -> None:
    found = read("setting,bytes,width,height,psnr\n1,500.5,100,50,30\n")
    assert found.rows["bits_per_pixel"].tolist() == [8 * 500.5 / 5000]


def test_two_settings_may_give_the_same_mean_rate() -> None:
    by_setting = read("quality,bpp,psnr\n52,0.5,30\n53,0.5,30\n")
    assert by_setting.rows["setting"].tolist() == ["52", "53"]
    alone = read(curve(bpp=[0.5, 0.5, 1.0], psnr=[30, 30, 33]), name="a.json")
    assert alone.rows["setting"].tolist() == ["0.5 bpp", "0.5 bpp (2)", "1 bpp"]


def test_rates_that_are_equal_in_six_digits_are_two_points() -> None:
    found = read("bpp,psnr\n0.50000001,30\n0.50000002,31\n")
    assert found.rows["setting"].nunique() == 2


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "a.csv", "empty"),
        ("bpp,psnr\n", "a.csv", "no point"),
        ("bpp,psnr\n0.5,nan\n", "a.csv", "Line 2, column psnr, must be a finite number"),
        ("bpp,psnr\n0.5,inf\n", "a.csv", "finite"),
        ('bpp,psnr\n"0,5",30\n', "a.csv", "received '0,5'"),
        ("bpp,psnr\n0.5\n", "a.csv", "Line 2 has 1 fields, the header 2; commas"),
        ("bpp;psnr\n0.5;30\n", "a.csv", "No column gives the rate"),
        ("psnr\n30\n", "a.csv", "No column gives the rate"),
        ("bpp,vmaf\n0.5,90\n", "a.csv", "no value of a metric"),
        ("bpp,psnr,psnr\n0.5,30,31\n", "a.csv", "Two columns are called 'psnr'"),
        ("bpp,psnr\n,30\n", "a.csv", "no rate"),
        ("bpp,psnr\n0,30\n", "a.csv", "bits per pixel lies in 1e-08..1000"),
        ("bpp,psnr\n-1,30\n", "a.csv", "has -1"),
        ("bpp,psnr\n20000,30\n", "a.csv", "has 20000"),
        ("bpp,psnr\n0.5,3000\n", "a.csv", r"PSNR \(dB\) lies in 0..100"),
        ("bpp,ssim\n0.5,18.5\n", "a.csv", "SSIM lies in -1..1"),
        ("bpp,psnr\n0.5,30\n0.5,31\n", "a.csv", "twice"),
        ("codec,bpp,psnr\n<b>x</b>,0.5,30\n", "a.csv", "without < and >"),
        ("codec,bpp,psnr\nx\x07,0.5,30\n", "a.csv", "printable"),
        (f"codec,bpp,psnr\n{'x' * 81},0.5,30\n", "a.csv", "1 to 80"),
        ("codec,bpp,psnr\n,0.5,30\n", "a.csv", "1 to 80"),
        ("image,bpp,psnr,bytes\na,0.5,30,1.5\n", "a.csv", "whole number"),
        ("metric,value,bpp\nvmaf,90,0.5\n", "a.csv", "'vmaf', which is not known"),
        ("\ufeffbpp,psnr\n0.5,x\n", "a.csv", "received 'x'"),
        ("{", "a.json", "no JSON"),
        ("[" * 100_000, "a.json", "no JSON"),
        ("{}", "a.json", "neither a curve of CompressAI"),
        ('[["jpeg.json"]]', "a.json", "lists batches"),
        (curve(bpp=[0.1], psnr=[30, 31]), "a.json", "differ in length: bpp 1, psnr 2"),
        (curve(psnr=[30]), "a.json", "no list bpp"),
        (curve(bpp=[], psnr=[]), "a.json", "empty"),
        (curve(bpp=[True], psnr=[30]), "a.json", "Value 1 of bpp"),
        (curve(bpp=[0.1], psnr=["thirty"]), "a.json", "Value 1 of psnr"),
        ('{"results": {"bpp": [NaN], "psnr": [1]}}', "a.json", "NaN is no number"),
        ('{"results": {"bpp": [0.1], "psnr": [1e999]}}', "a.json", "finite"),
        (batch(field_values=[]), "a.json", "no row"),
        (batch(field_values=[[1]]), "a.json", "lists of 9 values"),
        (batch(constant_values=["x"]), "a.json", "as many as"),
        (batch(field_descriptions=["x"]), "a.json", "one name each"),
        ("PAR1", "a.parquet", "no Parquet"),
        ("bpp,psnr\n0.5,30\n", "a.txt", "ends in .csv, .json, .parquet"),
    ],
)
def test_what_is_no_table_of_results_is_refused_with_the_place(
    text: str, name: str, message: str
) -> None:
    with pytest.raises(UnusableImport, match=message):
        read(text, name=name)


@pytest.mark.parametrize(
    ("text", "name"),
    [("bpp,psnr\n0.5,30\n", "a.csv"), ('{"results": {"bpp": [0.1], "psnr": [30]}}', "a.json")],
)
def test_a_file_that_does_not_tell_its_source_needs_to_be_told(text: str, name: str) -> None:
    with pytest.raises(UnusableImport, match="Say where the points come from"):
        read(text, name=name, source=None)


def test_only_regular_files_of_bearable_size_are_read(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UnusableImport, match="regular file"):
        read_bytes(tmp_path / "pipe.csv")
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UnusableImport, match="larger than 64 MB"):
        read_bytes(tmp_path / "large.csv")
