from dataclasses import replace

from optuna.distributions import FloatDistribution

from dashboard.views.trials.parameters import category_text, parameters_of
from tests.dashboard.views.trials.trial_records import trial


def test_values_of_a_category_that_read_alike_are_told_apart():
    texts = [category_text(value) for value in ("3", 3, True, "True", None, "None", "relu", "")]
    assert len(set(texts)) == len(texts)
    assert texts[1] == "3"
    assert texts[6] == "relu"


def test_a_range_that_changed_midway_covers_all_that_was_tried():
    low, high = FloatDistribution(1e-3, 1e-2, log=True), FloatDistribution(0.05, 1, log=True)
    trials = [
        replace(trial(0, 1.0, params={}), params={"lr": 1e-3}, distributions={"lr": low}),
        replace(trial(1, 1.0, params={}), params={"lr": 0.5}, distributions={"lr": high}),
    ]
    (found,) = parameters_of(trials)
    assert (found.low, found.high, found.scale) == (1e-3, 1.0, "logarithmic")
