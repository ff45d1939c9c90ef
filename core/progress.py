"""Progress of long-running work: reported by the work, received by an optional listener.

The work calls `report`; a caller that wants to show the progress wraps the work in `listening`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Called with the name of the part and the share of it that is done, 0 to 1.
Listener = Callable[[str, float], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Context manager that passes the progress of all work inside it to a listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(part: str, done: float) -> None:
    """Passes progress to the listener, if there is one.

    Args:
        part: Name of the part in a word or two.
        done: Share of it that is done, 0 to 1.
    """
    listener = _listener.get()
    if listener is not None:
        listener(part, done)
