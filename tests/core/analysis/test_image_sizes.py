import pandas as pd
import pytest

from core.analysis.image_sizes import (
    has_mixed_sizes,
    pixels_of_each,
    rates_over_pixels,
    size_line,
)


@pytest.fixture
def frame() -> pd.DataFrame:
    rows = [("a", 10, 10, 50.0), ("b", 30, 20, 60.0), ("c", 30, 20, None)]
    table = pd.DataFrame(rows, columns=["image", "width", "height", "bytes"])
    rates = 8 * table["bytes"] / (table["width"] * table["height"])
    errors = [None, None, "refused"]
    return table.assign(codec="jpeg", setting="q", bits_per_pixel=rates, error=errors)


def test_each_image_or_each_pixel_counts_alike(frame: pd.DataFrame) -> None:
    [row] = rates_over_pixels(frame).to_dict("records")
    assert row["bytes"] == 55
    assert row["bits_per_pixel"] == pytest.approx((4.0 + 0.8) / 2)
    assert row["bits_per_pixel_of_all"] == pytest.approx(8 * 110 / 700)
    assert row["images"] == 2


def test_images_of_several_sizes_are_named_with_the_smallest_and_the_largest(frame) -> None:
    assert has_mixed_sizes(frame)
    assert "2 sizes, from 10x10 to 30x20 pixels" in size_line(frame)
    assert size_line(frame).endswith("bytes at equal quality are compared by it.")
    same = frame[frame["image"] != "a"]
    assert not has_mixed_sizes(same)
    assert size_line(same) == ""


def test_a_rate_fixes_the_bytes_only_where_all_images_have_as_many_pixels(frame) -> None:
    assert pixels_of_each(frame) is None
    turned = frame.assign(width=[20, 30, 20], height=[30, 20, 30])
    assert has_mixed_sizes(turned)
    assert pixels_of_each(turned) == 600.0
    assert pixels_of_each(frame.assign(width=None)) is None
