import numpy as np
import pytest

from core.models.training.scan_rate import ScanRate, kept_low, without_rollbacks


def _clock(**own: float) -> ScanRate:
    return ScanRate(lambda steps: steps * 0.0, 0, minutes=10, highest=0.4, warm_up_steps=4, **own)


def test_by_the_clock_the_rate_rises_stays_and_falls_to_nothing() -> None:
    rate = _clock()

    np.testing.assert_allclose(rate.rates(0, 5, seconds=0), [0.1, 0.2, 0.3, 0.4, 0.4])
    np.testing.assert_allclose(rate.rates(100, 2, seconds=400), 0.4)
    np.testing.assert_allclose(rate.rates(100, 2, seconds=0.86 * 600), 0.2, rtol=1e-5)
    np.testing.assert_allclose(rate.rates(100, 2, seconds=700), 0.0)
    assert rate.is_over(600)
    assert not rate.is_over(599)


def test_a_rollback_halves_the_rate_and_warms_up_again() -> None:
    rate = _clock()
    rate.back_off(50)

    np.testing.assert_allclose(rate.rates(50, 5, seconds=60), [0.05, 0.1, 0.15, 0.2, 0.2])


def test_a_training_that_goes_back_keeps_the_rate_as_low_and_warms_up_there() -> None:
    rate = _clock()
    rate.back_off(900)
    guards = {**rate.remembered(), "rollbacks": 1, "step": 950, "loss": 0.5}
    earlier = {"step": 600, "loss": 0.4}

    again = _clock()
    again.recall(earlier | kept_low(guards, earlier))
    np.testing.assert_allclose(again.rates(600, 5, seconds=60), [0.05, 0.1, 0.15, 0.2, 0.2])
    assert without_rollbacks(guards) == {"step": 950, "loss": 0.5}
    # Nothing is to be kept where no rollback came in between.
    assert kept_low(guards, {"rollbacks": 1, "step": 600}) == {}


def test_the_decay_can_begin_at_once() -> None:
    rate = _clock()
    rate.decay_now(10, seconds=300)

    np.testing.assert_allclose(rate.rates(100, 1, seconds=300), 0.4, rtol=1e-5)
    np.testing.assert_allclose(rate.rates(100, 1, seconds=450), 0.2, rtol=1e-5)


def test_without_a_clock_the_models_own_schedule_holds() -> None:
    rate = ScanRate(lambda steps: (0.001 * steps).astype(np.float32), 100)

    np.testing.assert_allclose(rate.rates(3, 3, seconds=1e9), [0.003, 0.004, 0.005])
    assert not rate.is_over(1e9)
    rate.decay_now(50, seconds=0)
    np.testing.assert_allclose(rate.rates(75, 1, seconds=0), [0.0375])


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="minutes must be positive; received 0"):
        ScanRate(lambda steps: steps * 0.0, 0, minutes=0)
