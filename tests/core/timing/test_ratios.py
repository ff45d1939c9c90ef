"""Ratios between ours and what others do, round by round."""

import pandas as pd
import pytest

from core.timing.ratios import OURS, baseline_ratios
from core.timing.table import BASELINE, Timing, from_parquet, to_parquet


def timing(method, operation, repeat, seconds, **facts):
    label = "BNK" if method == OURS else method
    return Timing(method, label, BASELINE, operation, "warm", 1, repeat, seconds=seconds, **facts)


def frame(timings):
    return from_parquet(to_parquet(timings))


def test_a_ratio_is_the_median_over_rounds_of_theirs_by_ours():
    # A slow machine in the second round slows both.
    ours, theirs = [1.0, 10.0, 1.0], [5.0, 60.0, 4.0]
    sizes = {"width": 768, "height": 512}
    rows = [timing(OURS, "encode", n, s, **sizes) for n, s in enumerate(ours)]
    rows += [timing("other", "encode", n, s, **sizes) for n, s in enumerate(theirs)]
    found = baseline_ratios(frame(rows))
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["baseline"], row["operation"], row["width"]) == ("other", "encode", 768)
    assert row["ratio"] == 5.0
    assert (row["ratio_low"], row["ratio_high"]) == (4.5, 5.5)
    assert (row["ours_seconds"], row["baseline_seconds"]) == (1.0, 5.0)
    assert row["repeats"] == 3


def test_tasks_of_different_models_and_rounds_are_not_mixed():
    rows = [
        timing(OURS, "fit", 0, 1.0, setting="ae20", peak_bytes=2**20),
        timing("thesis", "fit", 0, 2.0, setting="ae20", peak_bytes=8 * 2**20),
        timing(OURS, "fit", 0, 1.0, setting="ae80"),
        timing("thesis", "fit", 1, 9.0, setting="ae80"),
        timing(OURS, "feed", 0, 0.1, setting="ae20"),
    ]
    found = baseline_ratios(frame(rows))
    assert found["setting"].tolist() == ["ae20"]
    assert found[["ours_mebibytes", "baseline_mebibytes"]].iloc[0].tolist() == [1.0, 8.0]


def test_what_gave_no_time_and_what_is_no_baseline_is_left_out():
    rows = [
        timing(OURS, "encode", 0, None, error="no"),
        timing("other", "encode", 0, 1.0),
        Timing("jpeg", "JPEG", "lossy", "encode", "warm", 1, 0, seconds=1.0),
    ]
    assert baseline_ratios(frame(rows)).empty
    assert baseline_ratios(frame([])).empty


@pytest.mark.parametrize("operation", ["evaluate", "metrics"])
def test_memory_is_told_of_trainings_alone(operation):
    rows = [
        timing(OURS, operation, 0, 1.0, peak_bytes=1),
        timing("thesis", operation, 0, 2.0, peak_bytes=1),
    ]
    assert pd.isna(baseline_ratios(frame(rows))["ours_mebibytes"]).all()
