"""What the report says of images of several sizes and of curves that do not rise."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation.results import Results
from core.report.document import Section
from core.report.quality import Quality, quality_sections

RISING, FALLING = (28.0, 32.0, 35.0), (28.0, 35.0, 32.0)


def curves(*, values: tuple[float, ...], sides: tuple[int, ...]) -> Section:
    """The section of curves, of JPEG with some mean values and of WebP, which rises."""
    rows = [
        {
            "image": f"image {number}",
            "codec": codec,
            "setting": f"quality={quality}",
            "dial": float(quality),
            "width": float(side),
            "height": float(side),
            "bytes": float(quality * side),
            "bits_per_pixel": 8.0 * quality / side,
            "psnr_db": value + 0.1 * number,
            "ssim": value / 40,
            "lossless": False,
            "encode_seconds": 0.1,
            "decode_seconds": 0.1,
            "error": np.nan,
        }
        for codec, of_codec in {"jpeg": values, "webp": RISING}.items()
        for quality, value in zip((10, 50, 90), of_codec, strict=True)
        for number, side in enumerate(sides)
    ]
    frame = pd.DataFrame(rows).astype({"error": "object"})
    quality = Quality(Results(frame, (), {}), {"jpeg": "JPEG"}, is_of_thesis=False)
    return next(one for one in quality_sections(quality) if one.name == "curves")


def test_images_of_several_sizes_have_a_table_of_rates_per_image_and_per_pixel() -> None:
    [rates] = [
        part for part in curves(values=RISING, sides=(100, 200)).parts if part.name == "rates"
    ]
    row = rates.frame.iloc[0]
    assert row["label"] == "JPEG"
    assert row["bits_per_pixel"] == pytest.approx((8 * 10 / 100 + 8 * 10 / 200) / 2)
    assert row["bits_per_pixel_of_all"] == pytest.approx(8 * 10 * 300 / (100**2 + 200**2))
    assert row["images"] == 2


def test_images_of_one_size_have_none() -> None:
    names = [part.name for part in curves(values=RISING, sides=(100, 100)).parts]
    assert names == ["curves-psnr-db", "curves-ssim"]


def test_a_single_image_is_spoken_of_as_one() -> None:
    plot = curves(values=RISING, sides=(100,)).parts[0]
    assert plot.caption.startswith("Each point is the mean over 1 image at one setting;")


def test_the_numbers_of_a_curve_tell_the_setting_of_every_point() -> None:
    numbers = curves(values=RISING, sides=(64,)).parts[0].numbers()
    assert [*numbers][:2] == ["series", "setting"]
    assert numbers.loc[numbers["series"] == "JPEG", "setting"].tolist() == [
        "quality=10",
        "quality=50",
        "quality=90",
    ]


def test_a_curve_on_which_more_bytes_lose_quality_is_named_below_it() -> None:
    falling = curves(values=FALLING, sides=(100, 100)).parts
    line = "More bytes give a lower quality on the curve of JPEG (quality=50 to quality=90)."
    assert all(line in part.caption for part in falling)
    steady = curves(values=RISING, sides=(100, 100)).parts
    assert not any("More bytes" in part.caption for part in steady)
