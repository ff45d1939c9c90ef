import math
from dataclasses import replace

from core.search.published import PublishedModel
from core.search.studies import StudyRecord
from dashboard.views.trials.objectives import hypervolume_figure, pareto_figure, reference_point
from dashboard.views.trials.optima import front_sentence
from tests.dashboard.views.trials.trial_records import trial


def objectives_study(*pairs, directions=("maximize", "minimize")):
    trials = tuple(
        replace(trial(number, values[0]), values=values) for number, values in enumerate(pairs)
    )
    return StudyRecord("ae80", directions, {}, trials, objectives=("PSNR", "bytes"))


def test_the_front_holds_the_trials_that_no_other_dominates():
    study = objectives_study((1.0, 1.0), (2.0, 2.0), (1.5, 3.0), (3.0, 9.0), (math.inf, 0.0))
    assert {trial.number for trial in study.front} == {0, 1, 3}
    assert reference_point(study) == [1.0, 9.0]
    figure = hypervolume_figure(study, reference_point(study))
    volumes = [value for trace in figure.data for value in trace.y]
    assert volumes == sorted(volumes)
    assert volumes[-1] > 0


def test_the_front_is_told_with_every_published_model_or_that_no_trial_has_its_values():
    study = objectives_study((1.0, 1.0), (2.0, 2.0), (1.5, 3.0))
    models = [
        PublishedModel("ae80", None),
        PublishedModel("ae80_trial_2", study.trials[2], is_of_trial=True),
    ]
    assert front_sentence(study, models) == (
        "**2 of 3 complete trials** are on the front of PSNR and bytes. No trial has the "
        "published model's values. Trial 2, trained in full as ae80_trial_2, is not one of them."
    )
    ring = pareto_figure(study, models).data[-1]
    assert (ring.name, list(ring.x), list(ring.y)) == ("Published model", [1.5], [3.0])
    assert front_sentence(study, ()).endswith("PSNR and bytes.")


def test_a_study_can_be_judged_by_any_of_its_objectives():
    study = objectives_study((1.0, 1.0), (2.0, 2.0))
    assert study.judged_by(0).best.number == 1
    by_bytes = study.judged_by(1)
    assert by_bytes.best.number == 0
    assert by_bytes.objectives == ("bytes",)
