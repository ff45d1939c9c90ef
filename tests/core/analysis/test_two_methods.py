import math

import pandas as pd
import pytest

from core.analysis.two_methods import MethodName, compare_methods, method_names
from core.evaluation.measurements import summary

LABELS = {"jpeg": "JPEG", "webp": "WebP", "png": "PNG"}


def _row(codec: str, setting: str, image: str, size: float, psnr: float, **more: object) -> dict:
    row = {"codec": codec, "setting": setting, "image": image, "bytes": size, "psnr_db": psnr}
    rest = {"dial": math.nan, "bits_per_pixel": size / 100, "ssim": 0.9, "lossless": False}
    return row | rest | {"error": None, "encode_seconds": 0.1} | more


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        [
            _row("jpeg", "quality=50", "a", 1000, 30.0, dial=50.0),
            _row("jpeg", "quality=50", "b", 3000, 32.0, dial=50.0),
            _row("jpeg", "quality=10", "a", 400, 25.0, dial=10.0),
            _row("webp", "quality=50", "b", 1000, 33.0, dial=50.0),
            _row("png", "lossless", "b", 30_000, math.nan, lossless=True),
        ]
    )


JPEG = MethodName("jpeg", "quality=50", "JPEG, quality 50")
WEBP = MethodName("webp", "quality=50", "WebP, quality 50")


def test_methods_are_compared_over_the_images_that_both_have(frame: pd.DataFrame) -> None:
    found = compare_methods(frame, JPEG, WEBP)
    assert found is not None
    assert found.images == 1
    assert (found.first_means.bytes, found.second_means.bytes) == (3000, 1000)
    assert found.bytes_ratio == 3.0


def test_the_sentence_gives_quality_bytes_and_ratio(frame: pd.DataFrame) -> None:
    found = compare_methods(frame, JPEG, WEBP)
    assert found is not None
    assert found.sentence() == (
        "**JPEG, quality 50** reaches 32.00 dB and SSIM 0.9000 with **3,000 bytes** an image; "
        "**WebP, quality 50** reaches 33.00 dB and SSIM 0.9000 with **1,000 bytes**: 1.00 dB "
        "less, at **3.0 times the bytes**."
    )


def test_the_other_way_round_it_has_fewer_bytes(frame: pd.DataFrame) -> None:
    found = compare_methods(frame, WEBP, JPEG)
    assert found is not None
    assert found.sentence().endswith("1.00 dB more, at **3.0 times fewer bytes**.")


def test_a_lossless_method_keeps_every_pixel(frame: pd.DataFrame) -> None:
    found = compare_methods(frame, MethodName("png", "lossless", "PNG"), JPEG)
    assert found is not None
    assert "**PNG** reaches every pixel" in found.sentence()
    assert "one of them keeps every pixel" in found.sentence()


def test_a_method_against_itself_is_equal(frame: pd.DataFrame) -> None:
    found = compare_methods(frame, JPEG, JPEG)
    assert found is not None
    assert found.sentence().endswith("equal PSNR, at **equal bytes**.")


def test_without_a_common_image_there_is_no_comparison(frame: pd.DataFrame) -> None:
    only_a = MethodName("jpeg", "quality=10", "JPEG, quality 10")
    assert compare_methods(frame, only_a, WEBP) is None


def test_the_methods_of_the_thesis_come_first_and_bring_what_was_published(
    frame: pd.DataFrame,
) -> None:
    names = method_names(summary(frame), LABELS)
    assert [name.label for name in names] == [
        "JPEG, quality 50",
        "WebP, quality 50",
        "JPEG, quality 10",
        "PNG, lossless",
    ]
    found = compare_methods(frame, names[0], names[2])
    assert found is not None
    assert "JPEG, quality 50: 31.23 dB, SSIM 0.9341" in found.published_sentence()
    assert "quality 10" not in found.published_sentence()
