import math

import pandas as pd

from core.analysis.lossless import lossless_table

MEANS = pd.DataFrame(
    {
        "codec": ["png", "jpeg", "jpeg_xl_lossless", "tiff_lzw"],
        "setting": ["default", "quality=75", "effort=7", "lzw"],
        "bits_per_pixel": [12.5, 1.9, 8.5, math.nan],
        "bytes": [40_000.0, 6_000.0, 27_000.0, math.nan],
        "images": [50, 50, 50, 0],
        "psnr_db": [math.nan, 33.0, math.nan, math.nan],
    }
)
LOSSLESS = ["png", "jpeg_xl_lossless", "tiff_lzw"]


def test_lossless_codecs_are_listed_from_the_smallest_files_up() -> None:
    table = lossless_table(MEANS, LOSSLESS, {"png": "PNG"})
    assert table["label"].tolist() == ["jpeg_xl_lossless", "PNG"]
    assert table["bits_per_pixel"].tolist() == [8.5, 12.5]


def test_without_a_lossless_codec_the_table_has_columns_and_no_row() -> None:
    table = lossless_table(MEANS, [], {})
    assert table.empty
    assert {"codec", "label", "setting", "bits_per_pixel", "bytes", "images"} == set(table)
