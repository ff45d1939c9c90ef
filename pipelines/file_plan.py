"""Plans files for compress and decompress: what is read, and the name of what is written."""

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from pipelines.base import UserError
from pipelines.file_exchange import STANDARD


class Job(NamedTuple):
    """One file to read and one to write.

    Attributes:
        source: The input; `-` is the standard input.
        output: The output; `-` is the standard output.
        is_in_folder: Whether the output lies in a folder that is made where it is missing.
    """

    source: Path
    output: Path
    is_in_folder: bool = False


class _Input(NamedTuple):
    path: Path
    relative: Path


def plan(paths: Sequence[str], *, suffix: str, accepted: frozenset[str], example: str) -> list[Job]:
    """Jobs of the paths on a command line: inputs, then the output, as `cp` takes them.

    An input is a file, a folder, a pattern such as `*.png`, or `-`. The output is a folder where
    it is one already, ends with a slash, or there may be several files.

    Args:
        paths: Paths from the command line.
        suffix: Suffix of the files that are written into a folder.
        accepted: Suffixes, in lower case, of the files that are taken from a folder.
        example: An input and an output, for the message where one is missing.

    Raises:
        UserError: There is nothing to do, a folder cannot be read, or two outputs would have the
            same name.
    """
    if len(paths) < 2:
        raise UserError(f"Name the input and the output, such as {example}.")
    if not all(paths):
        raise UserError("A path is empty; the current folder is written as a dot.")
    *inputs, last = paths
    output = _path(last)
    found = [item for given in inputs for item in _inputs(given, output, accepted)]
    may_be_several = any(Path(given).is_dir() or _is_pattern(given) for given in inputs)
    if not (may_be_several or len(found) > 1 or output.is_dir() or last.endswith("/")):
        return [Job(found[0].path, output)]
    if output == STANDARD or any(item.path == STANDARD for item in found):
        raise UserError("- stands for one file; name a folder, or one file for each.")
    return [
        Job(item.path, output / name, is_in_folder=True)
        for item, name in zip(found, _names(found, suffix), strict=True)
    ]


def _path(given: str) -> Path:
    """Path of an argument; `./-` is a file with that name."""
    return STANDARD if given == "-" else _file_path(given)


def _file_path(given: str) -> Path:
    path = Path(given)
    return path.absolute() if path == STANDARD else path


def _is_pattern(given: str) -> bool:
    return glob.has_magic(given) and not Path(given).exists()


def _inputs(given: str, output: Path, accepted: frozenset[str]) -> list[_Input]:
    path = _path(given)
    if path.is_dir():
        return _files_of(path, output, accepted)
    if not _is_pattern(given):
        return [_Input(path, Path(path.name))]
    matches = sorted(_file_path(match) for match in glob.glob(given, recursive=True))
    files = [_Input(match, Path(match.name)) for match in matches if match.is_file()]
    if not files:
        raise UserError(f"No file matches {given}.")
    return files


def _files_of(folder: Path, output: Path, accepted: frozenset[str]) -> list[_Input]:
    """Files below a folder, without hidden ones and without those of an output folder in it."""
    found = [
        _Input(path, path.relative_to(folder))
        for path in sorted(_walk(folder, without=os.path.realpath(output)))
        if path.suffix.lower() in accepted and _may_be_read(path)
    ]
    if not found:
        raise UserError(f"{folder} holds none of {', '.join(sorted(accepted))}.")
    return found


def _walk(folder: Path, *, without: str) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(os.path.join(parent, name)) != without
        ]
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def _refuse(error: OSError) -> NoReturn:
    raise UserError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _may_be_read(path: Path) -> bool:
    """Whether it is a file; one that may not even be looked at shall fail where it is read."""
    try:
        return path.is_file()
    except PermissionError:
        return True


def _names(inputs: Sequence[_Input], suffix: str) -> Iterator[Path]:
    """Name of each output; those that would collide keep their own suffix before the new one."""
    short = [item.relative.with_suffix(suffix) for item in inputs]
    counts = Counter(str(name).casefold() for name in short)
    names = [
        item.relative.with_name(item.relative.name + suffix)
        if counts[str(name).casefold()] > 1
        else name
        for item, name in zip(inputs, short, strict=True)
    ]
    for name, count in Counter(str(name).casefold() for name in names).items():
        if count > 1:
            raise UserError(f"{count} inputs would be written to {name}; take them one by one.")
    yield from names
