import pytest

from tests.load.killed_steps import STEPS
from tests.load.kills import Outcome, run


@pytest.mark.slow
def test_kills_at_random_moments_lose_nothing_and_leave_nothing_running(tmp_path):
    outcome = Outcome()
    # With this seed the steps without an end are each killed once early and once late.
    run(outcome, kills=14, seed=4320, folder=tmp_path)
    assert outcome.faults == []
    assert outcome.kills == {**dict.fromkeys(STEPS, 2), "prepare": 3}
