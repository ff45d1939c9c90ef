"""The means over several images: which of them count."""

import math

import pandas as pd

from dashboard.views.compare.mean import fewer_line, mean_table


def _numbers(psnr_db: dict[str, list[float]], **columns: list[float | None]) -> pd.DataFrame:
    """Rows of some codecs on the same images, with the PSNR of each."""
    return pd.DataFrame(
        [
            {"label": label, "image": number + 1, "bytes": 100.0, "bits_per_pixel": 1.0}
            | {"psnr_db": value}
            | {name: values[number] for name, values in columns.items()}
            for label, found in psnr_db.items()
            for number, value in enumerate(found)
        ]
    )


def test_an_image_that_one_codec_restored_exactly_counts_for_the_psnr_of_none() -> None:
    numbers = _numbers({"JPEG": [math.inf, 30.0, 34.0], "WebP": [60.0, 31.0, 35.0]})
    table = mean_table(numbers).set_index("label")
    assert table["psnr_db"].to_dict() == {"JPEG": 32.0, "WebP": 33.0}
    assert table["images"].tolist() == [3, 3]
    assert "Fewer images count for PSNR (dB) (2)" in fewer_line(numbers)


def test_a_codec_that_restores_every_image_exactly_leaves_the_others_their_means() -> None:
    numbers = _numbers({"JPEG": [30.0, 34.0], "PNG": [math.inf, math.inf]})
    table = mean_table(numbers).set_index("label")
    assert table["psnr_db"].to_dict() == {"JPEG": 32.0, "PNG": math.inf}
    assert fewer_line(numbers) == ""


def test_a_metric_that_only_some_images_have_says_over_how_many_it_is() -> None:
    numbers = _numbers({"JPEG": [30.0, 34.0]}, ms_ssim=[None, 0.9])
    assert mean_table(numbers)["ms_ssim"].tolist() == [0.9]
    assert "MS-SSIM (1)" in fewer_line(numbers)
