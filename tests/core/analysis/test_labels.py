"""Each codec and model has one name."""

from core.analysis.labels import label_of, labels
from core.analysis.ladder import CONFIGURATIONS, RUNGS
from core.codecs import codecs


def test_every_codec_that_can_run_and_every_step_of_the_ladder_has_a_name_of_its_own() -> None:
    named = labels()
    assert codecs().keys() <= named.keys()
    assert {rung.codec for rung in RUNGS} <= named.keys()
    assert len(set(named.values())) == len(named)


def test_a_configuration_for_the_ladder_alone_says_so() -> None:
    assert all(label_of(rung.codec).startswith("Ladder: ") for rung in CONFIGURATIONS)


def test_a_codec_that_is_not_known_here_keeps_its_name() -> None:
    assert label_of("theirs") == "theirs"
