import pandas as pd
import pytest

from dashboard.views.training.rate_charts import moving_curve_figure, shown_epochs


@pytest.fixture
def table():
    rows = [
        {"epoch": epoch, "level": level, "bits_per_pixel": level / epoch, "psnr_db": 20.0 + level}
        for epoch in range(1, 31)
        for level in (1, 50, 100)
    ]
    return pd.DataFrame(rows)


def test_of_many_epochs_the_first_the_last_and_the_best_are_among_a_few():
    shown = shown_epochs(range(1, 31), 28)
    assert shown[0] == 1
    assert {28, 30} <= set(shown)
    assert len(shown) <= 8
    assert shown_epochs([1, 2, 3], None) == [1, 2, 3]
    assert shown_epochs([], None) == []


def test_each_epoch_is_a_curve_and_the_kept_one_is_named(table):
    figure = moving_curve_figure(table, "psnr_db", run="bottleneck", best=28)
    drawn = {trace.name: trace for trace in figure.data}
    assert list(drawn["epoch 28, kept"].x) == pytest.approx([1 / 28, 50 / 28, 100 / 28])
    assert list(drawn["epoch 1"].y) == [21.0, 70.0, 120.0]
    assert drawn["epoch 28, kept"].line.width > drawn["epoch 30"].line.width
