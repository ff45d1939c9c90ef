"""Progress of long work: the work reports it, and a listener, if there is one, receives it.

The two do not know each other. Work calls `report`; a caller that wants to show the progress
enters `listening` around the work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Receives the name of the part and how much of it is done, 0 to 1.
Listener = Callable[[str, float], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Passes the progress of all work inside the block to a listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(part: str, done: float) -> None:
    """Passes progress to the listener, if there is one.

    Args:
        part: What is being done, in a word or two.
        done: How much of it is done, 0 to 1.
    """
    listener = _listener.get()
    if listener is not None:
        listener(part, done)
