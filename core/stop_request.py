"""SIGTERM and Ctrl-C as requests to stop: the one mechanism for all long work.

Work that has to save its position handles the request at a moment of its own choice
(`StopRequest`); all other work is ended at once by an exception (`stopping_on_sigterm`).
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """The work was asked to stop, and what has to be saved is saved.

    Like KeyboardInterrupt it is no Exception: code that records whatever fails would take it for a
    fault of its own, and go on.

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
        restore: list[Callable[[], None]] = []

        def remember(number: int, frame: FrameType | None) -> None:
            self.signal = number
            restore[0]()

        restore.append(_install(remember, _SIGNALS))
        try:
            yield
        finally:
            restore[0]()

    def check(self) -> None:
        """Ends the work where a signal came.

        Raises:
            Stopped: One did.
        """
        if self.signal is not None:
            raise Stopped(self.signal)


@contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """Raises `Stopped` inside the block when SIGTERM comes, as Ctrl-C raises KeyboardInterrupt.

    Without it SIGTERM ends a process at once: its children, its temporary files and its lock
    files would be left behind.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(number)

    if threading.current_thread() is not threading.main_thread():  # gets no signals
        yield
        return
    restore = _install(stop, (signal.SIGTERM,))
    try:
        yield
    finally:
        restore()


def follow_parent() -> None:
    """Leaves Ctrl-C to the parent of this worker process, and ends with the parent.

    A worker whose parent was killed would otherwise wait for work for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:  # not a worker process: the worker's code was called directly
        return
    parent.join()
    os._exit(1)


def _install(
    handler: Callable[[int, FrameType | None], Any], numbers: tuple[signal.Signals, ...]
) -> Callable[[], None]:
    """Installs a handler of signals, and gives back what puts the earlier ones back."""
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, handler)

    def restore() -> None:
        for number, earlier in before.items():
            signal.signal(number, earlier)

    return restore
