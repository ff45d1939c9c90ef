"""Clears up after a process that was killed while commands of other people worked for it.

Started by `core.codecs.external.work_folder`, never by hand; standard library only. Each line of
its standard input is a folder and the group of processes that works in it, or null, as JSON. The
input closes when the process that writes it ends in any way. Then the groups are killed and the
folders removed, but for those that are gone.
"""

import json
import os
import shutil
import signal
import sys
import time
from contextlib import suppress

#: How long a killed process may go on to write, in steps of a twentieth of a second.
_ATTEMPTS = 200


def main() -> None:
    """Waits for the end of the input, then clears up."""
    for number in (signal.SIGINT, signal.SIGTERM):  # it is needed until the other process ends
        signal.signal(number, signal.SIG_IGN)
    groups: dict[str, int | None] = {}
    for line in sys.stdin:
        folder, group = json.loads(line)
        groups = {known: working for known, working in groups.items() if os.path.exists(known)}
        groups[folder] = group
    for folder, group in groups.items():
        if os.path.exists(folder):
            clear(folder, group)


def clear(folder: str, group: int | None) -> None:
    """Kills the group that works in a folder, and removes the folder."""
    if group is not None:
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                os.kill(group, signal.SIGTERM)
            else:
                os.killpg(group, signal.SIGKILL)
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main()
