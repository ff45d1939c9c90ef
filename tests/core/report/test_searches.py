"""What the report tells of searches."""

from dataclasses import replace

import pytest

from core.report.searches import search_section
from core.search.studies import StudyRecord, TrialRecord


def trials(*values):
    return tuple(
        TrialRecord(number, "complete", found[0], {"kernel": 3 + 2 * number}, values=found)
        for number, found in enumerate(values)
    )


def test_a_search_of_two_objectives_has_its_front_and_no_place_among_the_optima():
    single = StudyRecord("ae40", ("maximize",), {}, trials((27.0,), (28.0,)))
    pair = StudyRecord(
        "ae40_rd",
        ("minimize", "minimize"),
        {},
        trials((3.0, 900.0), (-4.0, 700.0), (-5.0, 800.0)),
        objectives=("BD-rate (%)", "Work"),
    )
    published = {"ae40_rd": pair.trials[1]}
    optima, progress, front = search_section([single, pair], published).parts
    assert front.frame["published"].tolist() == ["", "yes"]
    assert optima.frame["best_value"].tolist() == [28.0]
    assert "but both for the range 255" in optima.caption
    assert len(progress.series) == 1
    assert front.frame[["trial", "BD-rate (%)", "Work", "parameters"]].to_numpy().tolist() == [
        [2, -5.0, 800.0, "kernel 7"],
        [1, -4.0, 700.0, "kernel 5"],
    ]
    assert front.caption.startswith("2 of 3 complete trials")


def test_a_search_of_two_objectives_alone_is_told_too():
    pair = StudyRecord("x", ("minimize", "minimize"), {}, trials((3.0, 9.0)), objectives=("a", "b"))
    (front,) = search_section([pair]).parts
    assert front.name == "front-x"


def test_a_search_that_was_repeated_is_compared_and_the_repetition_is_no_optimum():
    search = StudyRecord("ae40", ("maximize",), {}, trials((1.0,), (2.0,), (3.0,), (4.0,)))
    repeated = tuple(
        replace(trial, value=10 * trial.number, attributes={"repeated_trial": trial.number})
        for trial in search.trials
    )
    budget = {"images": 500, "epochs": 9}
    longer = StudyRecord("longer", ("maximize",), {"repeats": "ae40", "budget": budget}, repeated)
    optima, _, budgets = search_section([search, longer]).parts
    assert len(optima.frame) == 1
    (row,) = budgets.frame.to_dict("records")
    assert row["correlation"] == pytest.approx(1.0)
    assert (row["trials"], row["repetition"], row["loss"]) == (4, "500 images, 9 epochs", 0.0)


def test_the_gain_over_the_thesis_values_is_that_on_the_largest_budget_too():
    first, *others = trials((27.0,), (28.0,), (26.0,))
    search = StudyRecord(
        "ae40",
        ("maximize",),
        {},
        (replace(first, attributes={"origin": "optimum of the thesis"}), *others),
    )

    def repetition(name: str, epochs: int, values: tuple[float, ...]) -> StudyRecord:
        again = tuple(
            replace(trial, value=value, attributes={"repeated_trial": trial.number})
            for trial, value in zip(search.trials, values, strict=False)
        )
        budget = {"images": 500, "epochs": epochs}
        return StudyRecord(name, ("maximize",), {"repeats": "ae40", "budget": budget}, again)

    short, long = repetition("a", 2, (28.0, 29.0)), repetition("b", 30, (31.0, 30.5, 29.0))
    optima, _ = search_section([search, short, long]).parts
    (row,) = optima.frame.to_dict("records")
    assert row["repeated_gain"] == pytest.approx(-0.5)
    assert row["repeated_budget"] == "500 images, 30 epochs"
    assert optima.cells()[0][-2:] == ["\N{MINUS SIGN}0.50", "500 images, 30 epochs"]
    of_others = repetition("b", 30, (31.0,))
    alone, _ = search_section([search, of_others]).parts
    assert "repeated_gain" not in alone.columns


def test_the_thesis_values_stand_beside_the_optimum():
    first, second = trials((27.0,), (28.0,))
    first = replace(first, attributes={"origin": "optimum of the thesis"})
    optima, _ = search_section([StudyRecord("ae40", ("maximize",), {}, (first, second))]).parts
    (row,) = optima.frame.to_dict("records")
    assert (row["thesis_value"], row["thesis_parameters"]) == (27.0, "kernel 3")


def test_the_filters_of_every_layer_are_told_also_of_those_that_were_not_searched() -> None:
    trial = TrialRecord(
        0, "complete", 28.0, {"filters_2": 64, "kernel": 3}, attributes={"filters": [32, 64]}
    )
    table, _ = search_section([StudyRecord("ae40", ("maximize",), {}, (trial,))]).parts
    assert table.frame["best_parameters"].tolist() == ["filters 32 64, kernel 3"]
