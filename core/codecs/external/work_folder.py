"""Folders in which commands work, and which are left behind by no end of this process.

A process that is killed removes no file and ends no command. So a second, small process does that
for it: `programs/keeper.py`.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_PROGRAM = Path(__file__).parent / "programs" / "keeper.py"


class WorkFolder(NamedTuple):
    """A folder for one call of a command.

    Attributes:
        path: The folder.
        end_with_this: Called with the id of a process that leads its group; when this process is
            killed, the group is killed too.
    """

    path: Path
    end_with_this: Callable[[int], None]


@contextmanager
def work_folder() -> Iterator[WorkFolder]:
    """A new folder, which is removed after the body, or when this process is killed in it."""
    keeper = _keeper()
    with tempfile.TemporaryDirectory(prefix="bottleneck-") as path:
        keeper.tell(path, None)
        yield WorkFolder(Path(path), lambda group: keeper.tell(path, group))


class _Keeper:
    """The process that clears up after this one; it is started again where it was ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start()

    def tell(self, folder: str, group: int | None) -> None:
        """Tells it a folder and the group of processes that works there."""
        with self._lock:
            if self._process.poll() is not None:
                os.close(self._told)
                self._start()
            os.write(self._told, f"{json.dumps([folder, group])}\n".encode())

    def stop(self) -> None:
        """Ends it, once it has cleared up."""
        os.close(self._told)
        self._process.wait()

    def _start(self) -> None:
        heard, self._told = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_PROGRAM)],
                stdin=heard,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(heard)


_KEEPERS: dict[int, _Keeper] = {}
_KEEPERS_LOCK = threading.Lock()


def _keeper() -> _Keeper:
    with _KEEPERS_LOCK:
        number = os.getpid()  # a process that was forked from this one needs one of its own
        if number not in _KEEPERS:
            _KEEPERS[number] = _Keeper()
        return _KEEPERS[number]


def _stop() -> None:
    if os.getpid() in _KEEPERS:
        _KEEPERS.pop(os.getpid()).stop()


atexit.register(_stop)
