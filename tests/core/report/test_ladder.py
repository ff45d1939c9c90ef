"""What the report tells of the steps from the thesis' network to the learned codec."""

import math

from core.analysis.ladder import RUNGS, Ladder, Step
from core.report.ladder import absent_ladder_section, ladder_section
from core.store.errors import DamagedArtifact, MissingArtifact

STEPS = (
    Step("ae20", 8.0, 24.8, *[math.nan] * 3, 600.0, 590.0, 610.0, 96),
    Step("bottleneck", 0.5, 30.0, -50.0, -51.0, -49.0, -60.0, -61.0, -59.0, 96, "", "", 8e5, 153.0),
)


def test_every_step_has_its_rates_and_its_training():
    section = ladder_section(Ladder(STEPS, reference_bits_per_pixel=1.25))
    (table,) = section.parts
    assert table.frame["label"].tolist() == [step.label for step in STEPS]
    assert table.frame["trained_minutes"].tolist()[1] == 153.0
    assert "JPEG needs 1.25" in section.paragraphs[0]


def test_a_weak_or_missing_bd_rate_says_why():
    weak = STEPS[0]._replace(reference_note="overlap below 25 %")
    none = STEPS[1]._replace(percent=math.nan, note="the curves do not overlap")
    (table,) = ladder_section(Ladder((weak, none))).parts
    assert list(table.columns.values())[-1].header == "Note"
    assert [row[-1] for row in table.cells()] == [
        "JPEG: overlap below 25 %",
        "step below: the curves do not overlap",
    ]


def test_steps_that_are_not_measured_are_named_with_the_commands_that_make_them():
    hyperprior, context = RUNGS[2:4]
    rest = tuple(STEPS[0]._replace(codec=rung.codec) for rung in RUNGS if rung != hyperprior)
    untrained = ladder_section(Ladder(rest)).paragraphs[-1]
    assert hyperprior.label in untrained
    assert context.label not in untrained
    assert f"`{hyperprior.command}`, `python -m pipelines.ladder`" in untrained
    trained = ladder_section(Ladder(rest), models=[hyperprior.codec]).paragraphs[-1]
    assert hyperprior.command not in trained
    assert trained.endswith("Measure it: `python -m pipelines.ladder`.")


def test_with_all_steps_nothing_is_said_to_be_missing():
    steps = tuple(STEPS[0]._replace(codec=rung.codec) for rung in RUNGS)
    assert len(ladder_section(Ladder(steps)).paragraphs) == 1


def test_without_a_step_the_report_says_what_makes_them():
    section = ladder_section(Ladder())
    assert not section.parts
    assert all(rung.label in section.paragraphs[0] for rung in RUNGS)


def test_a_damaged_ladder_is_told_from_one_that_was_never_made():
    place = ("ladders/imagenette160", "ladders/imagenette160.parquet", "is not a table")
    damaged = absent_ladder_section(DamagedArtifact(*place)).paragraphs[0]
    assert "ladders/imagenette160.parquet is not a table" in damaged
    missing = absent_ladder_section(MissingArtifact(*place)).paragraphs[0]
    assert missing == "Not measured yet. Make it with: `python -m pipelines.ladder`."
