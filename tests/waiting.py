"""A wait for what another thread or process does, with a deadline."""

import subprocess
import time
from collections.abc import Callable

#: How long a busy machine may need, for a process and for a page.
PATIENCE_SECONDS = 120.0
PATIENCE_MS = 1000 * PATIENCE_SECONDS


def wait_until(
    condition: Callable[[], object],
    *,
    seconds: float = PATIENCE_SECONDS,
    process: "subprocess.Popen[bytes] | subprocess.Popen[str] | None" = None,
) -> None:
    """Waits until the condition is true; fails when it takes too long.

    Args:
        condition: What is waited for.
        seconds: How long it may take.
        process: Who makes it true; when this process has ended, nothing more is waited for.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        assert process is None or process.poll() is None, "the process ended before"
        time.sleep(0.02)
