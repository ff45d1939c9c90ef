"""A wait for what another thread or process does, with a deadline."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], *, seconds: float = 120.0) -> None:
    """Waits until the condition is true; fails when it takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
