"""What the report tells of the steps from the thesis' network to the learned codec."""

import math

from core.analysis.ladder import Ladder, Step
from core.report.ladder import ladder_section

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


def test_without_a_step_the_report_has_no_such_section():
    assert ladder_section(Ladder()).is_empty
