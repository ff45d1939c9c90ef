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
    # A process may be killed when its command has begun, but before it could tell the group.
    for working in [group] if group is not None else _groups_in(folder):
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                os.kill(working, signal.SIGTERM)
            else:
                os.killpg(working, signal.SIGKILL)
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return
        time.sleep(0.05)


def _groups_in(folder: str) -> set[int]:
    """Groups of the processes that have the folder as their current one, on Linux."""
    groups = set()
    for process in filter(str.isdigit, os.listdir("/proc") if sys.platform == "linux" else ()):
        with suppress(OSError):  # it has ended, or is another user's
            if os.readlink(f"/proc/{process}/cwd") == os.path.realpath(folder):
                groups.add(os.getpgid(int(process)))
    return groups


if __name__ == "__main__":
    main()
