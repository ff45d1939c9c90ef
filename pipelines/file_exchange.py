"""Reads and atomically writes files that are named on the command line."""

import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import TaskProgressColumn

from core.images import Image
from core.intake.door import DEFAULT_LIMITS, read_bounded
from core.intake.errors import ImageError
from core.progress import listening
from core.store import atomic
from pipelines.base import UserError
from pipelines.progress_bar import progress_bar

#: Stands for the standard input or output on a command line.
STANDARD = Path("-")

#: Smaller images take too little time for a progress bar.
_LARGE_PIXELS = 1_000_000


def read_source(path: Path) -> bytes:
    """Content of a file, or of the standard input, that is not longer than the limits allow.

    Raises:
        UserError: It cannot be read, or is too long.
    """
    try:
        if path != STANDARD:
            return read_bounded(path)
        if sys.stdin is None:
            raise UserError("The standard input is closed.")
        data = sys.stdin.buffer.read(DEFAULT_LIMITS.max_bytes + 1)
        DEFAULT_LIMITS.check_bytes(len(data))
        return data
    except ImageError as error:
        raise UserError(f"{path}: {error}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error


def write_output(path: Path, data: bytes) -> None:
    """Writes a file, whose folder is made where it is missing, or the standard output.

    Raises:
        UserError: It cannot be written.
    """
    if path != STANDARD:
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
        return
    if sys.stdout is None:
        raise UserError("The standard output is closed.")
    if sys.stdout.isatty():
        raise UserError("A file is not written to a terminal; name a file, or use a pipe.")
    with _told("The standard output"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextmanager
def _told(place: Path | str) -> Iterator[None]:
    """Turns errors of the system into a sentence on the place that is written.

    Raises:
        UserError: There was one.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"{place} cannot be written: {error.strerror}.") from error


def check_writable(path: Path, *, inputs: Iterable[Path] = ()) -> None:
    """Checks before any long work that a file may be written.

    Args:
        path: The file.
        inputs: Files that are read; none of them may be overwritten.

    Raises:
        UserError: The file may not be written.
    """
    if path.is_dir() or not path.name:
        raise UserError(f"{path} cannot be written: it is a folder.")
    if atomic.is_stream(path):
        _check_access(path, path)
        return
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise UserError(f"{path} cannot be written: there is no folder {target.parent}.")
    _check_access(path, target.parent)
    if target.exists():
        _check_access(path, target)
        for source in inputs:
            if source.exists() and target.samefile(source):
                raise UserError(f"{path} is the input itself; give the output another name.")


def _check_access(path: Path, needed: Path) -> None:
    if not os.access(needed, os.W_OK):
        raise UserError(f"{path} cannot be written: {needed} may not be written to.")


def replace_file(path: Path, data: bytes) -> None:
    """Writes a file atomically; on any error the previous file stays.

    Only regular files are replaced. Devices and pipes are written into, and the target of a link
    is written (see `core.store.atomic.replace_file`).

    Raises:
        UserError: It cannot be written.
    """
    with _told(path):
        atomic.replace_file(path, data)


@contextmanager
def shown_progress(pixels: int) -> Iterator[None]:
    """Context manager that shows the progress of codecs on large images.

    Worker processes show nothing: their bars would overwrite each other.
    """
    if pixels < _LARGE_PIXELS or multiprocessing.parent_process() is not None:
        yield
        return
    console = Console(stderr=True)
    with progress_bar(TaskProgressColumn(), console=console, transient=True) as bar:
        task = bar.add_task("working", total=1.0)

        def show(part: str, done: float) -> None:
            bar.update(task, description=part, completed=done)

        with listening(show):
            yield


def pixel_count(image: Image) -> int:
    """Width times height."""
    return int(image.shape[0]) * int(image.shape[1])
