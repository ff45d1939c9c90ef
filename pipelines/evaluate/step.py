"""Measures codecs on the test split of a data set, or on any folder of images."""

import errno
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID

from core.analysis.stored_bd_rates import bd_rates_key, store_bd_rates
from core.codecs import unavailable as codecs_unavailable
from core.dataset.image_source import FolderSource
from core.evaluation.block import Block, measure_block
from core.evaluation.facts import ResultFacts
from core.evaluation.results import load_results, stored_rows
from core.metrics import unavailable as metrics_unavailable
from core.plain_english import counted
from core.store import ArtifactStore, Manifest
from pipelines.base import UserError, run_step
from pipelines.claims import Claims
from pipelines.evaluate.cluster import cluster
from pipelines.evaluate.config import Config
from pipelines.evaluate.plan import Plan, UselessResults
from pipelines.evaluate.planning import Say, every_plan, plans
from pipelines.evaluate.survey import tell_changes
from pipelines.evaluate.verification import MIN_IMAGES, has_results, stamp, verify
from pipelines.progress_bar import progress_bar
from pipelines.worker_pool import worker_pool

#: Rows of a data set's results that are read at once, with which 3 GB of memory are enough.
MOST_READ_ROWS = 10_000_000

_DISK_REFUSES = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def evaluate(config: Config) -> None:
    """Measures size, quality and time of codecs over their whole sweeps, image by image.

    Can be stopped at any moment; the next run goes on where it stopped.
    """
    console = Console(stderr=True, soft_wrap=True)

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False)

    if config.verify is not None:
        _verify(config, say)
        return
    absent = (
        metrics_unavailable() if config.codecs else codecs_unavailable() | metrics_unavailable()
    )
    for name, reason in absent.items():
        say(f"{name} {reason}; it is left out.")
    with Claims(ArtifactStore.default()) as claims:
        ahead = plans(config, say=say, claims=claims)
        failed = _measure_all(ahead, config, say, console, claims) if ahead else []
    _store_bd_rates(config, say)
    if failed:
        raise UserError(" ".join(failed))


def _measure_all(
    ahead: Sequence[Plan], config: Config, say: Say, console: Console, claims: Claims
) -> list[str]:
    """Measures codec by codec; the errors of those whose results are of no use."""
    failed = []
    if isinstance(ahead[0].source, FolderSource):
        notes = tell_changes(ahead[0].source, ahead[0].catalogue.ids, say)
        ahead = [plan.noting(notes) for plan in ahead]
    with _clear_errors(ahead[0].store), progress_bar(console=console) as progress:
        task = progress.add_task("", total=sum(_rows(plan, plan.blocks) for plan in ahead))
        with _workers(config) as (executor, jobs):
            for plan in ahead:
                progress.update(task, description=plan.codec.name)
                try:
                    manifest = _measure(plan, executor, jobs=jobs, bar=(progress, task))
                except UselessResults as error:  # the other codecs are still measured
                    failed.append(str(error))
                else:
                    say(_summary(manifest))
                claims.give_back(plan.pieces_key)
    return failed


def _store_bd_rates(config: Config, say: Say) -> None:
    """Computes now what every visitor of the dashboard would compute, where memory allows."""
    store = ArtifactStore.default()
    with _clear_errors(store):
        rows = stored_rows(store, config.dataset_name)
        if rows > MOST_READ_ROWS:
            say(
                f"{bd_rates_key(config.dataset_name)}: not computed of {rows:,} rows; at most "
                f"{MOST_READ_ROWS:,} are read at once."
            )
            return
        results = load_results(store, config.dataset_name)
        if len(results.manifests) > 1 and store_bd_rates(store, config.dataset_name, results):
            say(f"{bd_rates_key(config.dataset_name)}: BD-rates of the stored results.")


def _verify(config: Config, say: Say) -> None:
    """Measures a sample of each codec's results again, and marks those found equal if asked.

    Raises:
        UserError: Some results differ, or there are none.
    """
    store, different, count = ArtifactStore.default(), [], 0
    with _workers(config) as (executor, _):
        for plan in every_plan(config, store, say):
            if not has_results(plan):
                if config.codecs:
                    say(f"{plan.codec.name}: no results.")
                continue
            found = verify(plan, executor, count=config.verify or MIN_IMAGES)
            count += 1
            if config.stamp and found.is_equal:
                stamp(found)
            say(f"{found}{' Stamped.' if config.stamp and found.is_equal else ''}")
            if not found.is_equal:
                different.append(plan.codec.name)
    if different:
        raise UserError(f"Different from what is stored: {', '.join(different)}.")
    if not count:
        raise UserError("There are no results to verify.")


def run_blocks(executor: Executor, blocks: Mapping[str, Block]) -> Iterator[tuple[str, bytes]]:
    """Key and table of each block as soon as it is measured, in any order.

    Args:
        executor: Any executor of `concurrent.futures` form, of one machine or of a cluster.
        blocks: The blocks by their key.
    """
    futures = {executor.submit(measure_block, block): key for key, block in blocks.items()}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()


@contextmanager
def _workers(config: Config) -> Iterator[tuple[Executor, int]]:
    """Executor of the run and how much it does at once."""
    if config.scheduler is None:
        with worker_pool(config.jobs) as pool:
            yield pool, config.jobs
    else:
        with cluster(config.scheduler) as found:
            yield found


def _measure(
    plan: Plan, executor: Executor, *, jobs: int, bar: tuple[Progress, TaskID]
) -> Manifest:
    """Results of a codec, committed; its blocks are kept one by one on the way."""
    progress, task = bar
    pending = plan.pending()
    done = {key: block for key, block in plan.blocks.items() if key not in pending}
    progress.advance(task, _rows(plan, done))
    last = time.perf_counter()
    for key, data in run_blocks(executor, pending):
        now = time.perf_counter()
        plan.keep(key, data, machine_seconds=jobs * (now - last))
        last = now
        progress.advance(task, plan.rows(pending[key]))
    return plan.finish(jobs=jobs)


def _rows(plan: Plan, blocks: Mapping[str, Block]) -> int:
    return sum(plan.rows(block) for block in blocks.values())


def _summary(manifest: Manifest) -> str:
    facts = ResultFacts.of(manifest)
    working = facts.seconds.codec + facts.seconds.metric
    rest = max(facts.seconds.machine - working, 0.0)
    errors = f", {counted(facts.errors, 'error')}" if facts.errors else ""
    images = counted(facts.dataset.images, "image")
    return (
        f"{manifest.key}: {counted(facts.rows, 'row')}{errors}, {images}; "
        f"{working:.0f} s of codecs and metrics and {rest:.0f} s of all else, over all processes."
    )


@contextmanager
def _clear_errors(store: ArtifactStore) -> Iterator[None]:
    """Turns what ends a run from outside into one line that says what is kept."""
    kept = "What was finished is kept; run the same command again to go on."
    try:
        yield
    except BrokenProcessPool as error:
        raise UserError(
            f"A process ended unexpectedly, perhaps for lack of memory. {kept}"
        ) from error
    except OSError as error:
        if error.errno not in _DISK_REFUSES:
            raise
        raise UserError(f"{store.root} takes no more data: {error.strerror}. {kept}") from error


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of `python -m pipelines.evaluate`."""
    return run_step(Config, evaluate, name="evaluate", argv=argv)
