"""Batches of files for compress and decompress: names of outputs, jobs and summaries."""

import glob
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO

from core.plain_english import counted
from core.store import ArtifactError, atomic
from pipelines.base import UserError
from pipelines.file_exchange import STANDARD, check_writable
from pipelines.worker_pool import worker_pool


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


@dataclass(frozen=True)
class Outcome:
    """Outcome of a job.

    Attributes:
        summary: One line on what was written.
        notes: Notes on the input or the output.
        bytes_read: Size of the input.
        bytes_written: Size of the output.
        pixels: Pixels of the image.
        error: Why nothing was written; empty on success.
    """

    summary: str = ""
    notes: tuple[str, ...] = ()
    bytes_read: int = 0
    bytes_written: int = 0
    pixels: int = 0
    error: str = ""


def plan(paths: Sequence[str], *, suffix: str, accepted: frozenset[str], example: str) -> list[Job]:
    """Jobs of the paths on a command line: inputs, then the output, as `cp` takes them.

    An input is a file, a folder, a pattern such as `*.png`, or `-`. The output is a folder where
    it is one already, ends with a slash, or there are several files.

    Args:
        paths: Paths from the command line.
        example: An input and an output, for the message where one is missing.
        suffix: Suffix of the files that are written into a folder.
        accepted: Suffixes, in lower case, of the files that are taken from a folder.

    Raises:
        UserError: There is nothing to do, or two outputs would have the same name.
    """
    if len(paths) < 2:
        raise UserError(f"Name the input and the output, such as {example}.")
    output = Path(paths[-1])
    found = [item for path in paths[:-1] for item in _inputs(path, output, accepted)]
    has_folder = any(Path(path).is_dir() for path in paths[:-1])
    if not (has_folder or len(found) > 1 or output.is_dir() or paths[-1].endswith("/")):
        return [Job(found[0].path, output)]
    if output == STANDARD or any(item.path == STANDARD for item in found):
        raise UserError("- stands for one file; name a folder, or one file for each.")
    return [
        Job(item.path, output / name, is_in_folder=True)
        for item, name in zip(found, _names(found, suffix), strict=True)
    ]


class _Input(NamedTuple):
    path: Path
    relative: Path


def _inputs(given: str, output: Path, accepted: frozenset[str]) -> list[_Input]:
    path = Path(given)
    if path.is_dir():
        return _files_of(path, output, accepted)
    if path == STANDARD or path.exists() or not glob.has_magic(given):
        return [_Input(path, Path(path.name))]
    matches = sorted(Path(match) for match in glob.glob(given, recursive=True))
    files = [_Input(match, Path(match.name)) for match in matches if match.is_file()]
    if not files:
        raise UserError(f"No file matches {given}.")
    return files


def _files_of(folder: Path, output: Path, accepted: frozenset[str]) -> list[_Input]:
    """Files below a folder, without hidden ones and without those of an output folder in it."""
    written = output.resolve() if output.resolve() != folder.resolve() else None
    files = [
        _Input(path, path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in accepted and path.is_file()
    ]
    found = [
        item
        for item in files
        if not any(part.startswith(".") for part in item.relative.parts)
        and (written is None or written not in item.path.resolve().parents)
    ]
    if not found:
        raise UserError(f"{folder} holds none of {', '.join(sorted(accepted))}.")
    return found


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


def run_batch(
    jobs: Sequence[Job],
    work: Callable[[Job], Outcome],
    *,
    processes: int,
    dry_run: bool,
) -> None:
    """Runs the jobs; prints a line for each and a summary.

    Args:
        jobs: The jobs.
        work: Runs one job; picklable if there are several processes. It may raise UserError.
        processes: Number of jobs that run in parallel.
        dry_run: Whether only to say what would be written.

    Raises:
        UserError: Something was not written.
    """
    shown = sys.stderr if _is_to_stream(jobs) else sys.stdout
    _check_outputs(jobs)
    if dry_run:
        _show_plan(jobs, shown)
        return
    outcomes = []
    with closing(_outcomes(jobs, partial(_attempt, work), processes)) as results:
        for job, outcome in zip(jobs, results, strict=True):
            if len(jobs) == 1 and outcome.error:
                raise UserError(outcome.error)
            _show(job, outcome, shown)
            outcomes.append(outcome)
    if len(jobs) > 1:
        _show_total(outcomes, shown)


def _show_plan(jobs: Sequence[Job], shown: TextIO) -> None:
    """Says what would be written; raises UserError where an input is not there."""
    absent = [job.source for job in jobs if job.source != STANDARD and not job.source.exists()]
    for job in jobs:
        is_there = job.output != STANDARD and job.output.is_file()
        replaced = ", which is there and would be replaced" if is_there else ""
        if job.source not in absent:
            print(f"{job.source} -> {job.output}{replaced}", file=shown)
    if absent:
        raise UserError(f"{', '.join(map(str, absent))} cannot be read: No such file or directory.")


def _is_to_stream(jobs: Sequence[Job]) -> bool:
    return jobs[0].output == STANDARD or atomic.is_stream(jobs[0].output)


def _check_outputs(jobs: Sequence[Job]) -> None:
    """Refuses, before any long work, outputs that may not be written or that are inputs."""
    inputs = {_identity(job.source): job.source for job in jobs if job.source.exists()}
    for job in jobs:
        if job.output == STANDARD:
            continue
        taken = inputs.get(_identity(job.output)) if job.output.exists() else None
        if not job.is_in_folder or job.output.parent.exists():
            check_writable(job.output, inputs=[taken] if taken else ())


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _outcomes(
    jobs: Sequence[Job], work: Callable[[Job], Outcome], processes: int
) -> Generator[Outcome, None, None]:
    """Outcomes in the order of the jobs."""
    if processes == 1 or len(jobs) == 1:
        yield from map(work, jobs)
        return
    with worker_pool(min(processes, len(jobs))) as pool:
        try:
            yield from pool.map(work, jobs)
        except BrokenProcessPool as error:
            raise UserError(
                "A process ended unexpectedly, perhaps for lack of memory. What was written is "
                "kept; take fewer images at a time (--jobs)."
            ) from error


def _attempt(work: Callable[[Job], Outcome], job: Job) -> Outcome:
    try:
        return work(job)
    except (UserError, ArtifactError, OSError) as error:
        return Outcome(error=" ".join(str(error).split()))


def _show(job: Job, outcome: Outcome, shown: TextIO) -> None:
    for note in outcome.notes:
        print(f"{job.source}: {note}", file=sys.stderr)
    if outcome.error:
        print(outcome.error, file=sys.stderr)
    else:
        print(outcome.summary, file=shown, flush=True)


def _show_total(outcomes: Iterable[Outcome], shown: TextIO) -> None:
    done = [outcome for outcome in outcomes if not outcome.error]
    failed = sum(bool(outcome.error) for outcome in outcomes)
    if done:
        read, written = (sum(values) for values in zip(*_sizes(done), strict=True))
        pixels = sum(outcome.pixels for outcome in done)
        print(
            f"{counted(len(done), 'file')}: {read:,} bytes read, {written:,} written "
            f"({100 * written / max(1, read):.1f} %), {pixels / 1e6:.1f} megapixels",
            file=shown,
        )
    if failed:
        raise UserError(f"{failed} of {counted(failed + len(done), 'file')} failed.")


def _sizes(outcomes: Iterable[Outcome]) -> Iterator[tuple[int, int]]:
    return ((outcome.bytes_read, outcome.bytes_written) for outcome in outcomes)
