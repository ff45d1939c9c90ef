"""The section on searches that were trained again on another budget."""

from dataclasses import replace

import pytest

from core.search.repetition import agreements
from core.search.studies import StudyRecord
from core.store import ArtifactStore
from dashboard.views.trials.budgets import (
    budget_sentence,
    budgets_table,
    epochs_figure,
    ranks_figure,
)
from tests.dashboard.page_contents import chart
from tests.dashboard.views.trials.trial_records import study, trial
from tests.dashboard.views.trials.written_studies import write_study

SHORT = {"images": 1024, "epochs": 3}
LONG = {"images": 9469, "epochs": 2}


def agreement(*scores):
    """Four trials in the order of their numbers, and their scores on another budget."""
    search = replace(study(1.0, 2.0, 3.0, 4.0), attributes={"budget": SHORT})
    search = replace(search, trials=tuple(replace(t, values=(t.value,)) for t in search.trials))
    repeated = tuple(
        trial(
            number,
            score,
            values=(score,),
            attributes={"repeated_trial": number},
            reports={1: 5.0 - score, 2: score},
        )
        for number, score in enumerate(scores)
    )
    longer = StudyRecord("longer", ("maximize",), {"repeats": "ae80", "budget": LONG}, repeated)
    (found,) = agreements([search, longer])
    return found


def test_the_sentence_says_that_the_same_trial_is_best():
    assert budget_sentence(agreement(10.0, 20.0, 30.0, 40.0), "X") == (
        "X: **4 of the search's 4 complete trials** were trained again on 9,469 images, 2 epochs, "
        "where the search had 1,024 images, 3 epochs; those that it pruned were not. Both orders "
        "have a rank correlation of **1.00**. The search's best of them, trial 3, is the best "
        "there, too. The order changes up to the last epoch: after epoch 1 it correlates by -1.00 "
        "with that at the end."
    )


def test_the_sentence_says_what_the_search_lost():
    sentence = budget_sentence(agreement(10.0, 20.0, 40.0, 38.5), "X")
    assert "trial 3, is number 2 there, **1.50** below trial 2 in score. The best 2 are" in sentence
    assert "rank correlation of **0.80** (95 %: " in sentence


def test_a_tie_of_the_search_s_best_is_no_loss():
    sentence = budget_sentence(agreement(10.0, 20.0, 40.0, 40.0), "X")
    assert "trial 3, is as good there as trial 2, the best." in sentence
    assert "0.00" not in sentence


def test_the_sentence_says_how_the_thesis_values_did_on_both_budgets():
    found = agreement(40.0, 20.0, 30.0, 38.5)
    thesis = found.pairs[0].searched
    marked = replace(thesis, attributes={"origin": "optimum of the thesis"})
    found = replace(found, pairs=(found.pairs[0]._replace(searched=marked), *found.pairs[1:]))
    sentence = budget_sentence(found, "X")
    assert (
        "trial 3, is number 2 there, **1.50** below trial 0 (the thesis) in score. The thesis' "
        "values, trial 0, are number 1 there: against them the search's best has **-1.50** there, "
        "and +3.00 in the search."
    ) in sentence
    assert budgets_table([found])["mark"].tolist() == ["thesis", "", "", ""]


def test_the_sentence_counts_the_trials_that_diverged():
    found = agreement(10.0, 20.0, 30.0, 40.0)
    worst = found.pairs[-1]
    wild = replace(worst.repeated, attributes={**worst.repeated.attributes, "diverged_epochs": 2})
    found = replace(found, pairs=(*found.pairs[:-1], worst._replace(repeated=wild)))
    assert "There **1 of 4 trials diverged in an epoch**" in budget_sentence(found, "X")


def test_before_there_are_enough_trials_the_sentence_counts_them():
    found = agreement(10.0, 20.0, 30.0, 40.0)
    few = replace(found, pairs=found.pairs[:2])
    assert budget_sentence(few, "X").startswith("X: **2 of the search's 4 complete trials**")
    assert budget_sentence(few, "X").endswith("A comparison needs 4.")


def test_trials_on_another_data_set_are_said_not_to_be_compared():
    found = agreement(10.0, 20.0, 30.0, 40.0)
    elsewhere = replace(found.repetition, attributes={"budget": LONG, "dataset_sha256": "0" * 64})
    assert budget_sentence(replace(found, repetition=elsewhere), "X") == (
        "X: trained again on another data set, so nothing is compared."
    )


def test_what_differs_between_the_budgets_is_told_whole():
    found = agreement(10.0, 20.0, 30.0, 40.0)
    exact = replace(found.repetition, attributes={"budget": LONG | {"precision": "float32"}})
    fast = replace(found.search, attributes={"budget": SHORT | {"precision": "mixed_bfloat16"}})
    sentence = budget_sentence(replace(found, search=fast, repetition=exact), "X")
    assert "9,469 images, 2 epochs, in float32, where" in sentence
    assert "3 epochs, in mixed_bfloat16;" in sentence


def test_the_table_and_the_figures_have_each_trial_with_both_ranks():
    found = [agreement(10.0, 20.0, 40.0, 38.5)]
    table = budgets_table(found).set_index("trial")
    assert table["search_rank"].to_dict() == {3: 1, 2: 2, 1: 3, 0: 4}
    assert table["repetition_rank"].to_dict() == {2: 1, 3: 2, 1: 3, 0: 4}
    _, points = ranks_figure(found, {"ae80": "X"}).data
    assert list(zip(points.x, points.y, strict=True)) == [(2, 1), (1, 2), (3, 3), (4, 4)]
    (line,) = epochs_figure(found, {"ae80": "X"}).data
    assert list(line.x) == [9469, 18938]
    assert list(line.y) == pytest.approx([-1.0, 1.0])


@pytest.mark.slow
def test_the_page_compares_the_budgets_and_keeps_repetitions_out_of_the_optima(open_page, tmp_path):
    store = ArtifactStore(tmp_path)
    write_study(store, "ae80", trials=8)
    write_study(store, "ae80", name="longer", repeats="ae80")
    app = open_page("trials", tmp_path)
    assert not app.exception
    assert list(app.table[0].value["Model"]) == ["Autoencoder, 1 layer (80x80)"]
    assert any("were trained again" in block.value for block in app.markdown)
    assert len(chart(app, "budget-ranks")["data"]) == 2
    assert app.segmented_control(key="study").options[1].endswith("(80x80): longer")
    app.segmented_control(key="study").set_value("longer").run()
    assert not app.exception
