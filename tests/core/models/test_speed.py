import pytest

from core.models.speed import seconds_per_picture


@pytest.mark.slow
def test_a_training_takes_time_for_each_picture() -> None:
    assert 0 < seconds_per_picture("ae20") < 60
