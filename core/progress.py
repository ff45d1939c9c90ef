"""How far long work has come, told to whoever listens.

The work knows nothing of its listener: it says how much of its current part is done, and that is
heard where `listening` was entered, or nowhere.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Takes the name of the part and how much of it is done, 0 to 1.
Listener = Callable[[str, float], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Lets the listener hear of all work inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(part: str, done: float) -> None:
    """Tells the listener, if there is one.

    Args:
        part: What is being done, in a word or two.
        done: How much of it is done, 0 to 1.
    """
    listener = _listener.get()
    if listener is not None:
        listener(part, done)
