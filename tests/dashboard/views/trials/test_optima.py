from dataclasses import replace

import pytest

from core.search.repetition import LongerGain, agreements
from core.search.studies import StudyRecord
from dashboard.views.trials.optima import (
    cell,
    gain_text,
    longer_text,
    optima,
    optima_table,
    verdict,
)
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


def test_the_verdict_and_the_table_say_what_a_longer_repetition_found():
    study = with_values(searched(better=True))
    repetition = StudyRecord(
        "longer",
        ("maximize",),
        {"repeats": "ae80", "budget": {"images": 9469, "epochs": 10}},
        tuple(
            replace(t, value=value, values=(value,), attributes={"repeated_trial": t.number})
            for t, value in zip(study.trials, (30.5, 30.2), strict=True)
        ),
    )
    found = optima([study], agreements([study, repetition]))
    told = "trained on 9,469 images for 10 epochs: **-0.30**"
    assert verdict(found, {}) == (f"For ae80 the search's gain of **+1.00** did not last ({told}).")
    kept = found[0]._replace(study="ae40", longer=LongerGain(9469, 10, 0.3))
    assert verdict([kept, found[0]], {}) == (
        "The search beat the thesis' values for ae40 by **+1.00** (trained on 9,469 images for 10 "
        f"epochs: **+0.30**); for ae80 the search's gain of **+1.00** did not last ({told})."
    )
    assert gain_text(found[0]) == f"+1.00 · {told}"
    table = optima_table(found, {})
    assert table["longer_images"].tolist() == [9469]
    assert table["longer_score_gain"].tolist() == [pytest.approx(-0.3)]


def test_one_trial_image_and_epoch_are_no_plurals():
    assert longer_text(LongerGain(1, 1, 0.5)) == "trained on 1 image for 1 epoch: **+0.50**"
    study = searched(better=False)
    studies = [replace(study, name=str(n), trials=study.trials[:n]) for n in (1, 2)]
    assert verdict(optima(studies[:1]), {}).endswith("found** in 1 trial.")
    assert verdict(optima(studies), {}).endswith("found** in 1 and 2 trials.")


def test_a_repetition_without_the_thesis_trial_says_nothing_of_the_gain():
    study = with_values(searched(better=True))
    best = replace(study.trials[1], attributes={"repeated_trial": 1})
    repetition = StudyRecord("longer", ("maximize",), {"repeats": "ae80"}, (best,))
    (found,) = optima([study], agreements([study, repetition]))
    assert found.longer is None
    assert gain_text(found) == "+1.00"


def with_values(study):
    return replace(study, trials=tuple(replace(t, values=(t.value,)) for t in study.trials))
