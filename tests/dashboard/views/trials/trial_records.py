"""Trials and studies in short, as they are read from a study."""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from core.search.studies import StudyRecord, TrialRecord

DISTRIBUTIONS = {
    "activation": CategoricalDistribution(("relu", "leaky_relu")),
    "learning_rate": FloatDistribution(1e-4, 10.0, log=True),
}


def trial(number, value=None, *, state="complete", **more):
    params = more.pop("params", {"activation": "relu", "learning_rate": 0.001 * (number + 1)})
    return TrialRecord(
        number,
        state,
        value,
        params,
        distributions={name: DISTRIBUTIONS[name] for name in params},
        **more,
    )


def study(*values, name="ae80", direction="maximize"):
    trials = tuple(trial(number, value) for number, value in enumerate(values))
    return StudyRecord(name, (direction,), {}, trials)


def searched(*, better):
    """A study whose first trial has the thesis' values, and whether a later one is better."""
    origin = trial(0, 2.0, attributes={"origin": "thesis", "filters": [64]})
    return StudyRecord("ae80", ("maximize",), {}, (origin, trial(1, 3.0 if better else 1.0)))
