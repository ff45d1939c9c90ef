import pytest

from core.models.training.speed import seconds_per_image


@pytest.mark.slow
def test_a_training_takes_time_for_each_image() -> None:
    assert 0 < seconds_per_image("ae20") < 60
