"""The configurations of the ladder are those that its commands name."""

from core.analysis.ladder import RUNGS
from core.models import bottleneck
from core.models.bottleneck.ladder import LADDER


def test_every_rung_of_the_ladder_that_names_a_preset_has_it() -> None:
    named = {rung.codec for rung in RUNGS if "--preset" in rung.command}
    assert named == set(LADDER)
    assert named <= set(bottleneck.PRESETS)
