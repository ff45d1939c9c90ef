import dataclasses

import pandas as pd
import pytest

from core.store.manifest import Manifest
from core.training_records.runs import TrainingRun
from dashboard.views.training.charts import (
    Look,
    default_measures,
    measure_names,
    measure_title,
    smoothed,
    training_figure,
)


@pytest.fixture
def run():
    frame = pd.DataFrame(
        {
            "epoch": [1.0, 2.0, 3.0],
            "images": [10.0, 20.0, 30.0],
            "minutes": [1.0, 2.0, 3.0],
            "learning_rate": [0.1, 0.1, 0.1],
            "loss": [4.0, 2.0, 1.0],
            "validation_loss": [5.0, 2.0, 3.0],
            "psnr_db": [20.0, 22.0, 24.0],
            "validation_bits_per_pixel_10": [0.3, 0.2, 0.2],
            "validation_bits_per_pixel_50": [1.3, 1.2, 1.2],
        }
    )
    return TrainingRun("ae80", frame, {}, {}, Manifest("histories/ae80", "", {}, {}, {}))


def curves(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def test_every_number_that_is_no_clock_is_a_measure_loss_and_psnr_first(run):
    names = measure_names([run])
    assert names == ["loss", "psnr_db", "learning_rate"]
    assert default_measures([*names, "bits_per_pixel"]) == ["loss", "psnr_db", "bits_per_pixel"]
    assert [measure_title(name) for name in names] == ["Loss", "PSNR (dB)", "Learning rate"]


def test_smoothing_starts_at_the_first_value_and_keeps_a_constant(run):
    values = smoothed(run.frame["loss"], 0.5)
    assert values.iloc[0] == 4.0
    assert values.iloc[1] == pytest.approx((2.0 + 0.5 * 4.0) / 1.5)
    assert smoothed(run.frame["learning_rate"], 0.9).tolist() == pytest.approx([0.1] * 3)


def test_smoothing_leaves_gaps_where_they_are():
    values = smoothed(pd.Series([1.0, float("nan"), 3.0]), 0.5)
    assert values.isna().tolist() == [False, True, False]


def test_training_and_validation_share_a_chart_and_differ_in_their_line(run):
    drawn = curves(training_figure([run], "loss", Look()))
    assert set(drawn) == {"ae80, training", "ae80, validation"}
    assert {trace.line.dash for trace in drawn.values()} == {"dot", "solid"}


def test_counts_of_units_are_drawn_as_of_validation_images(run):
    counted = run.frame.assign(dead_units=[3.0, 2.0, 1.0])
    figure = training_figure([dataclasses.replace(run, frame=counted)], "dead_units", Look())
    assert {name: trace.line.dash for name, trace in curves(figure).items()} == {
        "ae80, validation": "solid"
    }


def test_a_ring_marks_the_epoch_whose_weights_are_kept(run):
    ring = training_figure([run], "loss", Look()).data[-1]
    assert (list(ring.x), list(ring.y)) == ([2.0], [2.0])


def test_a_legend_has_one_entry_per_run(run):
    look = Look(labels={"ae80": "One layer"})
    figure = training_figure([run], "loss", look)
    assert [trace.name for trace in figure.data if trace.showlegend] == ["One layer, validation"]
    only = training_figure([run], "learning_rate", look)
    assert [trace.name for trace in only.data if trace.showlegend] == ["One layer, training"]


def test_raw_values_stay_behind_the_smoothed_ones(run):
    figure = training_figure([run], "psnr_db", Look(smoothing=0.5))
    raw, smooth = figure.data
    assert list(raw.y) == [20.0, 22.0, 24.0]
    assert list(smooth.y) != list(raw.y)
    assert len(training_figure([run], "psnr_db", Look()).data) == 1


@pytest.mark.parametrize(("axis", "last"), [("epoch", 3), ("images", 30), ("minutes", 3)])
def test_curves_can_stand_over_epochs_images_or_minutes(run, axis, last):
    assert training_figure([run], "psnr_db", Look(axis=axis)).data[0].x[-1] == last


def test_a_logarithmic_scale_is_for_losses_and_not_for_decibels(run):
    look = Look(log_scale=True)
    assert training_figure([run], "loss", look).layout.yaxis.type == "log"
    assert training_figure([run], "psnr_db", look).layout.yaxis.type is None


@pytest.mark.parametrize("counts", [[0.0, 0.0, 0.0], [7.0, 1.0, 0.0], [3.0, float("nan"), -1.0]])
def test_values_of_zero_or_below_keep_the_axis_linear_which_shows_them(run, counts):
    counted = dataclasses.replace(run, frame=run.frame.assign(dead_units=counts))
    figure = training_figure([counted], "dead_units", Look(log_scale=True))
    assert figure.layout.yaxis.type is None
    positive = run.frame.assign(dead_units=[3.0, float("nan"), 1.0])
    figure = training_figure(
        [dataclasses.replace(run, frame=positive)], "dead_units", Look(log_scale=True)
    )
    assert figure.layout.yaxis.type == "log"


def test_a_logarithmic_axis_has_ticks_however_little_it_spans(run):
    look = Look(log_scale=True)
    narrow = training_figure([run], "loss", look).layout.yaxis
    assert {1, 2, 3, 5} <= set(narrow.tickvals)
    assert {"0.5", "1", "2"} <= set(narrow.ticktext)
    wide = run.frame.assign(loss=[40.0, 2.0, 0.01])
    figure = training_figure([TrainingRun("ae80", wide, {}, {}, run.manifest)], "loss", look)
    assert {0.01, 0.03, 1, 30} <= set(figure.layout.yaxis.tickvals)
    assert 20 not in figure.layout.yaxis.tickvals


def test_quality_levels_stand_in_a_figure_of_their_own(run):
    assert not training_figure([run], "bits_per_pixel", Look()).data


def test_a_run_without_the_measure_or_the_axis_draws_nothing(run):
    timeless = TrainingRun(run.name, run.frame.drop(columns="minutes"), {}, {}, run.manifest)
    assert not training_figure([timeless], "loss", Look(axis="minutes")).data
    assert not training_figure([run], "ssim", Look()).data


@pytest.mark.parametrize("wrong", [{"axis": "days"}, {"smoothing": 1.0}, {"smoothing": -0.1}])
def test_a_look_that_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        Look(**wrong)
