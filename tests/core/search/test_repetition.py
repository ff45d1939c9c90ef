"""Whether two budgets decide alike: the order of the same trials under both."""

import math
from dataclasses import replace

import pytest

from core.search.repetition import agreements, repeatable
from core.search.studies import DATASET, ORIGIN, REPEATED_TRIAL, REPEATS, StudyRecord, TrialRecord


def trial(number, value, *, state="complete", reports=None, **attributes):
    values = () if value is None else (value,)
    return TrialRecord(
        number, state, value, {}, attributes=attributes, reports=reports or {}, values=values
    )


def search(*values, direction="maximize"):
    trials = tuple(trial(number, value) for number, value in enumerate(values))
    return StudyRecord("ae80", (direction,), {}, trials)


def repetition(*values, reports=None, direction="maximize"):
    """A study whose trial n repeats trial n of `ae80`."""
    trials = tuple(
        trial(number, value, reports=(reports or {}).get(number), **{REPEATED_TRIAL: number})
        for number, value in enumerate(values)
    )
    return StudyRecord("longer", (direction,), {REPEATS: "ae80"}, trials)


def only(*studies):
    (found,) = agreements(studies)
    return found


def test_the_same_order_correlates_fully_and_loses_nothing():
    found = only(search(1, 2, 3, 4, 5), repetition(20, 22, 23, 27, 28))
    assert found.correlation == pytest.approx(1.0)
    assert found.interval is None
    assert found.loss == 0.0
    assert [pair.searched.number for pair in found.pairs] == [4, 3, 2, 1, 0]


def test_a_reversed_order_correlates_negatively_and_loses_the_whole_span():
    found = only(search(1, 2, 3, 4, 5), repetition(28, 27, 23, 22, 20))
    assert found.correlation == pytest.approx(-1.0)
    assert found.chosen.searched.number == 4
    assert found.loss == 8.0


def test_the_correlation_and_its_interval_are_those_of_the_definition():
    # 1 - 6 sum(d^2) / (n (n^2 - 1)) with differences of ranks 0, 1, 1, 0, 1, 1.
    found = only(search(1, 2, 3, 4, 5, 6), repetition(1, 3, 2, 4, 6, 5))
    correlation = 1 - 6 * 4 / (6 * 35)
    assert found.correlation == pytest.approx(correlation)
    half = 1.96 * math.sqrt((1 + correlation**2 / 2) / (6 - 3))
    bounds = [math.tanh(math.atanh(correlation) + sign * half) for sign in (-1, 1)]
    assert found.interval == pytest.approx(bounds)


def test_less_is_better_where_a_study_minimises():
    found = only(
        search(5, 4, 3, 2, direction="minimize"),
        repetition(50, 45, 40, 42, direction="minimize"),
    )
    assert found.chosen.searched.number == 3
    assert [pair.repeated.value for pair in found.pairs] == [40, 42, 45, 50]
    assert found.loss == 2.0


@pytest.mark.parametrize(
    ("repeated", "count"),
    [((1, 2, 4, 3, 6, 5), 2), ((1, 2, 3, 6, 4, 5), 3), ((3, 6, 1, 2, 4, 5), 0), ((2,), 0)],
)
def test_the_best_trials_of_both_budgets_are_counted_up_to_half_of_all(repeated, count):
    found = only(search(*range(1, len(repeated) + 1)), repetition(*repeated))
    assert found.same_best == count
    less = search(*range(len(repeated), 0, -1), direction="minimize")
    worse = repetition(*(-value for value in repeated), direction="minimize")
    assert only(less, worse).same_best == count


def reports(*epochs):
    """PSNR of four trials after each epoch, by trial."""
    return {
        number: dict(enumerate(values, start=1))
        for number, values in enumerate(zip(*epochs, strict=True))
    }


def test_it_says_from_which_epoch_on_the_order_is_that_of_the_end():
    noted = reports((3, 2, 1, 0), (1, 2, 3, 4), (1, 2, 3, 4), (10, 20, 30, 40))
    found = only(search(1, 2, 3, 4), repetition(10, 20, 30, 40, reports=noted))
    assert found.by_epoch == pytest.approx({1: -1.0, 2: 1.0, 3: 1.0, 4: 1.0})
    assert found.decided_from == 2


def test_an_order_that_is_that_of_the_end_at_the_end_alone_was_not_decided_before():
    noted = reports((1, 2, 3, 4), (3, 2, 1, 0), (10, 20, 30, 40))
    found = only(search(1, 2, 3, 4), repetition(10, 20, 30, 40, reports=noted))
    assert found.decided_from is None
    assert only(search(1, 2, 3, 4), repetition(1, 2, 3, 4)).decided_from is None


def test_equal_scores_have_no_correlation():
    found = only(search(1, 1, 1, 1), repetition(1, 2, 3, 4))
    assert found.correlation is None
    assert found.interval is None


@pytest.mark.parametrize("value", [None, float("nan")])
def test_trials_without_a_score_and_trials_of_no_other_are_left_out(value):
    repeated = repetition(1, 2, 3, 4)
    own = trial(4, 9.0)
    lost = trial(5, value, state="fail" if value is None else "complete", **{REPEATED_TRIAL: 3})
    repeated = replace(repeated, trials=(*repeated.trials, own, lost))
    assert len(only(search(1, 2, 3, 4), repeated).pairs) == 4


def test_trials_of_a_search_that_was_made_anew_are_not_taken_for_those_repeated():
    changed = search(1, 2, 3, 4, 5)
    trials = list(changed.trials)
    trials[2] = replace(trials[2], params={"filters_1": 64})
    found = only(replace(changed, trials=tuple(trials)), repetition(1, 2, 3, 4, 5))
    assert [pair.searched.number for pair in found.pairs] == [4, 3, 1, 0]


def test_trials_on_other_images_are_not_compared():
    searched, repeated = search(1, 2, 3, 4), repetition(1, 2, 3, 4)
    assert len(only(searched, repeated).pairs) == 4
    elsewhere = replace(repeated, attributes={**repeated.attributes, DATASET: "0" * 64})
    assert only(searched, elsewhere).pairs == ()


def test_few_trials_and_a_missing_search_give_no_agreement():
    assert not only(search(1, 2, 3, 4), repetition(1, 2, 3)).is_enough
    assert only(search(1, 2, 3, 4), repetition(1, 2, 3, 4)).is_enough
    assert agreements([repetition(1, 2, 3, 4)]) == []
    assert agreements([search(1, 2, 3, 4)]) == []


def test_the_best_and_the_thesis_values_are_repeated_first_and_only_what_is_complete():
    trials = (
        trial(0, 1.0),
        trial(1, None, state="pruned"),
        trial(2, 2.0, **{ORIGIN: "optimum of the thesis"}),
        trial(3, 5.0),
        trial(4, 3.0),
    )
    found = repeatable(StudyRecord("ae80", ("maximize",), {}, trials))
    assert [trial.number for trial in found] == [3, 2, 0, 4]
