import pandas as pd
import pytest

from dashboard.views.data.charts import class_figure, class_table, shape_figure, shape_table


def _index() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "class_name": ["church"] * 4 + ["tench"] * 2,
            "split": ["train", "train", "train", "test", "train", "test"],
            "source_width": [320, 160, 160, 160, 160, 9000],
            "source_height": [160, 160, 320, 160, 160, 160],
        }
    )


def test_the_table_counts_every_class_in_every_split() -> None:
    table = class_table(_index()).set_index("class_name")
    assert table.loc["church"].to_dict() == {"train": 3, "validation": 0, "test": 1, "total": 4}
    assert table["total"].sum() == len(_index())


def test_the_figure_shows_shares_of_the_split() -> None:
    shares = {
        trace.name: dict(zip(trace.y, trace.x, strict=True))
        for trace in class_figure(class_table(_index())).data
    }
    assert shares["train"] == pytest.approx({"church": 75.0, "tench": 25.0})
    assert shares["test"] == pytest.approx({"church": 50.0, "tench": 50.0})


def test_a_split_without_images_has_no_share() -> None:
    validation = class_figure(class_table(_index())).data[1]
    assert list(validation.x) == [0, 0]


def test_every_image_falls_into_one_bar_also_the_extreme_ones() -> None:
    [bars] = shape_figure(shape_table(_index())).data
    counts = dict(zip(bars.x, bars.y, strict=True))
    assert sum(bars.y) == 6
    assert (counts[0.0], counts[1.0], counts[-1.0], counts[2.0]) == (3, 1, 1, 1)
