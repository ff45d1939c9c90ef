import math
from dataclasses import replace

from core.search.studies import StudyRecord
from dashboard.views.trials.objectives import hypervolume_figure, reference_point
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


def test_a_study_can_be_judged_by_any_of_its_objectives():
    study = objectives_study((1.0, 1.0), (2.0, 2.0))
    assert study.judged_by(0).best.number == 1
    by_bytes = study.judged_by(1)
    assert by_bytes.best.number == 0
    assert by_bytes.objectives == ("bytes",)
