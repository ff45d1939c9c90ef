import os
import signal
from collections.abc import Iterator

import pytest

from core.stop_request import Stopped, StopRequest, stopping_on_sigterm


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_is_remembered(number: int) -> None:
    stop = StopRequest()
    with stop.listening():
        os.kill(os.getpid(), number)

        assert stop.signal == number


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where the tests were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_the_second_signal_acts_as_if_nobody_listened() -> None:
    stop = StopRequest()
    with stop.listening():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_nobody_listens_after_the_block() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopRequest().listening():
        pass

    assert signal.getsignal(signal.SIGTERM) == before


def test_code_that_records_whatever_fails_does_not_take_a_stop_for_a_fault() -> None:
    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception as error:
            pytest.fail(f"{error} was recorded")

    with stopping_on_sigterm(), pytest.raises(Stopped):
        work()
