import pytest

from tests.load.killed_steps import STEPS
from tests.load.kills import Outcome, run


@pytest.mark.slow
def test_kills_at_random_moments_lose_nothing_and_leave_nothing_running(tmp_path):
    outcome = Outcome()
    run(outcome, kills=14, seed=7, folder=tmp_path)
    assert outcome.faults == []
    assert outcome.kills == {**dict.fromkeys(STEPS, 2), "prepare": 3}
