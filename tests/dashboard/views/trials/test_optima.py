from dataclasses import replace

from core.search.studies import StudyRecord
from dashboard.views.trials.optima import cell, optima, optima_table, verdict
from tests.dashboard.views.trials.trial_records import searched


def test_the_thesis_stands_in_the_table_before_its_trial_has_run():
    empty = StudyRecord("ae80", ("maximize",), {"thesis": {"filters_1": 64}}, ())
    (found,) = optima([empty])
    assert cell(found.thesis_params, found.thesis) == "filters 64 · not run yet"
    assert optima_table([found], {})["thesis_filters"].tolist() == ["64"]
    (unknown,) = optima([StudyRecord("x", ("maximize",), {}, ())])
    assert cell(unknown.thesis_params, unknown.thesis) == "not run"
    assert verdict([found, unknown], {}) == ""


def test_the_verdict_says_where_nothing_better_was_found():
    labels = {"ae80": "Autoencoder, 1 layer"}
    assert verdict(optima([searched(better=False)]), labels) == (
        "For Autoencoder, 1 layer **nothing better was found** in 2 trials."
    )
    assert verdict(optima([searched(better=True)]), labels) == (
        "The search beat the thesis' values for Autoencoder, 1 layer by **+1.00**."
    )


def test_the_thesis_values_count_although_their_first_trial_was_cut_short():
    study = searched(better=True)
    lost = replace(study.trials[0], number=0, state="fail", value=None)
    again = replace(study.trials[0], number=2)
    (found,) = optima([replace(study, trials=(lost, study.trials[1], again))])
    assert found.thesis.number == 2
    assert found.gain == 1.0


def test_a_study_that_minimises_gains_by_going_down():
    study = replace(searched(better=False), directions=("minimize",))
    (found,) = optima([study])
    assert found.best.number == 1
    assert found.gain == 1.0
