import os
import signal
from collections.abc import Iterator

import pytest

from core.stop_request import StopRequest


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
