import math

import pytest

from core.analysis.axis_ticks import RATIO_TICKS, TIME_TICKS, AxisRange, log_range, spaced_ticks


def test_the_range_shows_every_value_with_the_same_margin_at_both_ends() -> None:
    low, high = log_range([0.25, 4.0, math.nan, math.inf])
    assert low < 0.25
    assert 0.25 / low == pytest.approx(high / 4.0)


def test_the_range_around_a_single_value_is_not_empty() -> None:
    low, high = log_range([1.0])
    assert low < 1.0 < high


def test_without_a_finite_value_there_is_no_range() -> None:
    with pytest.raises(ValueError, match="finite value"):
        log_range([math.nan])


def test_a_candidate_too_near_to_a_more_useful_one_is_left_out() -> None:
    candidates = [(1.0, "1"), (1.1, "1.1"), (0.5, "0.5"), (9.0, "9")]
    shown = spaced_ticks(candidates, AxisRange(0.4, 1.4), distance=0.2)
    assert shown == [(0.5, "0.5"), (1.0, "1")]


def test_distances_on_a_linear_axis_are_linear() -> None:
    candidates = [(0.0, "0"), (1.0, "1"), (1.5, "1.5"), (4.0, "4")]
    shown = spaced_ticks(candidates, AxisRange(0.0, 4.0), distance=0.2, scale="linear")
    assert [text for _, text in shown] == ["0", "1", "4"]


@pytest.mark.parametrize("ends", [(0.4, 1.1), (0.05, 1.1), (0.9, 1.2), (0.1, 20.0), (0.97, 12.0)])
def test_the_axis_of_ratios_always_labels_the_anchor(ends: tuple[float, float]) -> None:
    shown = spaced_ticks(RATIO_TICKS, AxisRange(*ends), distance=0.12)
    assert (1.0, "0 %") in shown
    assert len(shown) > 1


def test_ratios_are_labelled_as_signed_changes_in_percent() -> None:
    texts = {tick.value: tick.text for tick in RATIO_TICKS}
    assert (texts[0.5], texts[2.0]) == ("\N{MINUS SIGN}50 %", "+100 %")


def test_times_have_a_label_at_every_decade_from_a_microsecond_to_a_quarter_of_an_hour() -> None:
    assert sorted(round(math.log10(tick.value)) for tick in TIME_TICKS) == list(range(-3, 7))
