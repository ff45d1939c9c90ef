"""SIGTERM and Ctrl-C as a stop request that the training handles at the end of a step."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):
    """The training was asked to stop, and its checkpoint is written.

    Attributes:
        signal: The signal that asked.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signal_number).name}")
        self.signal = signal_number


class StopRequest:
    """Remembers the first signal; a second one has its default effect."""

    def __init__(self) -> None:
        self.signal: int | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Catches the signals inside the block."""
        before = {number: signal.getsignal(number) for number in _SIGNALS}

        def remember(number: int, frame: FrameType | None) -> None:
            self.signal = number
            restore()

        def restore() -> None:
            for number, handler in before.items():
                signal.signal(number, handler)

        for number in _SIGNALS:
            signal.signal(number, remember)
        try:
            yield
        finally:
            restore()
