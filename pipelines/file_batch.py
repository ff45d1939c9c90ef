"""Batches of files for compress and decompress: runs the jobs and says what was written."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from core.plain_english import counted
from core.store import ArtifactError, atomic
from pipelines.base import UserError
from pipelines.file_exchange import STANDARD, check_writable
from pipelines.file_plan import Job
from pipelines.worker_pool import worker_pool


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


def run_batch(
    jobs: Sequence[Job],
    work: Callable[[Job], Outcome],
    *,
    processes: int,
    dry_run: bool,
    spared: Sequence[Path] = (),
) -> None:
    """Runs the jobs; prints a line for each and a summary.

    Args:
        jobs: The jobs.
        work: Runs one job; picklable if there are several processes. It may raise UserError.
        processes: Number of jobs that run in parallel.
        dry_run: Whether only to say what would be written.
        spared: Outputs that are there and must not be replaced.

    Raises:
        UserError: Something was not written.
    """
    shown = sys.stderr if _is_to_stream(jobs) else sys.stdout
    _check_outputs(jobs)
    if spared:
        more = f" and {len(spared) - 1} more" if len(spared) > 1 else ""
        raise UserError(
            f"{spared[0]}{more} would be replaced; name another folder for the outputs, or add "
            "--replace."
        )
    if dry_run:
        _show_plan(jobs, shown)
        return
    outcomes, replaced = [], {job.output for job in jobs if _is_there(job)}
    with closing(_outcomes(jobs, partial(_attempt, work), processes)) as results:
        for job, outcome in zip(jobs, results, strict=True):
            if len(jobs) == 1 and outcome.error:
                raise UserError(outcome.error)
            _show(job, outcome, shown, is_replaced=job.output in replaced)
            outcomes.append(outcome)
    if len(jobs) > 1:
        _show_total(outcomes, shown)


def _show_plan(jobs: Sequence[Job], shown: TextIO) -> None:
    """Says what would be written; raises UserError where an input is not there."""
    absent = [job.source for job in jobs if job.source != STANDARD and not job.source.exists()]
    for job in jobs:
        replaced = ", which is there and would be replaced" if _is_there(job) else ""
        if job.source not in absent:
            print(f"{job.source} -> {job.output}{replaced}", file=shown)
    if absent:
        raise UserError(f"{', '.join(map(str, absent))} cannot be read: No such file or directory.")


def _is_there(job: Job) -> bool:
    return job.output != STANDARD and job.output.is_file()


def _is_to_stream(jobs: Sequence[Job]) -> bool:
    return jobs[0].output == STANDARD or atomic.is_stream(jobs[0].output)


def _check_outputs(jobs: Sequence[Job]) -> None:
    """Refuses, before any long work, outputs that may not be written, are inputs, or are one."""
    inputs = {_identity(job.source): job.source for job in jobs if job.source.exists()}
    for job in jobs:
        if job.output == STANDARD:
            continue
        taken = inputs.get(_identity(job.output)) if job.output.exists() else None
        if not job.is_in_folder or job.output.parent.exists():
            check_writable(job.output, inputs=[taken] if taken else ())
    targets = Counter(os.path.realpath(job.output) for job in jobs if job.output != STANDARD)
    if shared := [target for target, count in targets.items() if count > 1]:
        raise UserError(f"Several outputs are links to {shared[0]}; name another folder.")


def unnamed_outputs(jobs: Sequence[Job]) -> list[Path]:
    """Outputs that are there, under names that follow from the inputs': nobody has named them."""
    return [job.output for job in jobs if job.is_in_folder and _is_there(job)]


def outputs_beside_inputs(jobs: Sequence[Job]) -> list[Path]:
    """Those of them that lie in a folder of an input."""
    folders = {_identity(job.source.parent) for job in jobs if job.source.exists()}
    return [path for path in unnamed_outputs(jobs) if _identity(path.parent) in folders]


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
    except Exception as error:  # whatever a library does with one image, the others are done
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Outcome(error=f"{job.source}: The program failed ({reason}).")


def _show(job: Job, outcome: Outcome, shown: TextIO, *, is_replaced: bool) -> None:
    for note in outcome.notes:
        print(f"{job.source}: {note}", file=sys.stderr)
    if outcome.error:
        print(outcome.error, file=sys.stderr)
    else:
        replaced = ", in place of an earlier file" if is_replaced and job.is_in_folder else ""
        print(f"{outcome.summary}{replaced}", file=shown, flush=True)


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
