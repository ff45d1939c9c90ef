"""Measures codecs on the test split of a data set, or on any folder of images."""

import errno
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console
from rich.progress import Progress, TaskID

from core.analysis.stored_bd_rates import bd_rates_key, store_bd_rates
from core.codecs import Codec, codecs, get_codec
from core.codecs import unavailable as codecs_unavailable
from core.dataset.image_source import Catalogue, FolderSource, ImageSource, SplitSource
from core.dataset.result_images import remember_folder
from core.dataset.splits import prepared_datasets
from core.evaluation.block import Block, measure_block, operating_points
from core.evaluation.facts import ResultFacts
from core.evaluation.results import load_results, stored_rows
from core.metrics import unavailable as metrics_unavailable
from core.plain_english import counted
from core.store import ArtifactError, ArtifactStore, Manifest, MissingArtifact
from pipelines.base import UserError, run_step
from pipelines.evaluate.cluster import cluster
from pipelines.evaluate.config import Config
from pipelines.evaluate.plan import Plan, UselessResults
from pipelines.evaluate.survey import check_folder, tell_changes
from pipelines.evaluate.verification import MIN_IMAGES, has_results, stamp, verify
from pipelines.prepared_dataset import check_prepared
from pipelines.progress_bar import progress_bar
from pipelines.worker_pool import worker_pool

Say = Callable[[str], None]

_FOLDER_INSTEAD = "Images that are not prepared are measured with --images DIR --dataset NAME."

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
    ahead = plans(config, say=say)
    failed = _measure_all(ahead, config, say, console) if ahead else []
    _store_bd_rates(config, say)
    if failed:
        raise UserError(" ".join(failed))


def _measure_all(ahead: Sequence[Plan], config: Config, say: Say, console: Console) -> list[str]:
    """Measures codec by codec; the errors of those whose results are of no use."""
    failed = []
    if isinstance(ahead[0].source, FolderSource):
        notes = tell_changes(ahead[0].source, ahead[0].catalogue.ids, say)
        ahead = [replace(plan, notes=notes) for plan in ahead]
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


def plans(config: Config, *, say: Say) -> list[Plan]:
    """What is left to measure, codec by codec.

    Args:
        config: What the person asked for.
        say: Takes a line about each codec that is left out.

    Raises:
        UserError: There is no such codec or data set, or no image.
        ArtifactError: The data set is not prepared, or a codec that was asked for by its name
            has no model.
    """
    store = ArtifactStore.default()
    found = []
    for plan in _every_plan(config, store, say):
        try:
            stale = _to_measure(plan, config)
        except MissingArtifact:
            if config.codecs:
                say(f"{plan.codec.name}: no results to add a metric to.")
            continue
        if stale == ():
            plan.discard()
            say(f"{plan.codec.name}: up to date.")
        else:
            if stale:
                say(f"{plan.codec.name}: only {', '.join(stale)} will be measured and added.")
            found.append(plan.adding(stale) if stale else plan)
    return found


def _to_measure(plan: Plan, config: Config) -> tuple[str, ...] | None:
    """Metrics to add to a codec's results; None where everything is measured.

    One that is defined for none of the images is added only if it is asked for by name.

    Raises:
        ArtifactError: Metrics were asked for by name, and there are no results to add them to.
    """
    if config.metric:
        return plan.lacking(config.metric)
    stale = None if config.again else plan.stale_metrics()
    return stale and tuple(name for name in stale if plan.adding((name,)).blocks)


def _every_plan(config: Config, store: ArtifactStore, say: Say) -> Iterator[Plan]:
    """Evaluations of the codecs, up to date or not; says which cannot be measured."""
    chosen = _codecs(config.codecs)
    source = _source(config, store)
    catalogue = _catalogue(source)
    if isinstance(source, FolderSource):
        if not config.replace:
            check_folder(store, config.dataset_name, source.folder, catalogue.sha256)
        remember_folder(store, config.dataset_name, source.folder)
    for codec in chosen:
        try:
            points = tuple(operating_points(codec, store))
        except ArtifactError as error:
            if config.codecs:
                raise
            say(f"{codec.name}: skipped. {error}")
        else:
            yield Plan(store, config.dataset_name, source, catalogue, codec, points)


def _verify(config: Config, say: Say) -> None:
    """Measures a sample of each codec's results again, and marks those found equal if asked.

    Raises:
        UserError: Some results differ, or there are none.
    """
    store, different, count = ArtifactStore.default(), [], 0
    with _workers(config) as (executor, _):
        for plan in _every_plan(config, store, say):
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


def _codecs(names: Iterable[str]) -> list[Codec]:
    try:
        return [get_codec(name) for name in dict.fromkeys(names)] or list(codecs().values())
    except ValueError as error:
        raise UserError(str(error)) from error


def _source(config: Config, store: ArtifactStore) -> ImageSource:
    name = config.dataset_name
    if config.images is None:
        check_prepared(store, name, advice=_FOLDER_INSTEAD)
        return SplitSource(store.root, name)
    if name in prepared_datasets(store):
        raise UserError(f"{name} names a prepared data set; choose another name for --images.")
    return FolderSource(config.images.absolute())


def _catalogue(source: ImageSource) -> Catalogue:
    try:
        return source.catalogue()
    except ValueError as error:
        raise UserError(str(error)) from error


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
