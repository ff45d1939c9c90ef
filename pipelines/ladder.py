"""Measures each step from the thesis' network to the learned codec on validation images."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.analysis.ladder import RUNGS, ladder_sentence
from core.analysis.stored_ladder import CODECS, SPLIT, is_measured, rung_key, store_ladder
from core.codecs import get_codec
from core.dataset.splits import DEFAULT, digest_of_split, open_split
from core.evaluation.evaluate import evaluate
from core.evaluation.facts import MeasuredImages
from core.evaluation.fingerprint import model_digest
from core.evaluation.table import concatenate, from_parquet, to_parquet, to_table
from core.jobs.process_limits import available_cores
from core.metrics import metrics, psnr_db
from core.plain_english import counted
from core.store import ArtifactStore
from core.store.key import file_name
from pipelines.base import UserError, check_name, option, run_step
from pipelines.prepared_dataset import check_prepared
from pipelines.progress_bar import progress_bar
from pipelines.worker_pool import worker_pool


@dataclass(frozen=True)
class LadderConfig:
    """Which images are measured."""

    dataset: str = option(DEFAULT, help="prepared data set to measure on", metavar="NAME")
    images: int = option(
        96, help="validation images to measure, spread evenly over the split", metavar="N"
    )
    jobs: int = option(available_cores(), help="number of processes", metavar="N")
    again: bool = option(False, help="measure again what is up to date")

    def __post_init__(self) -> None:
        check_name("--dataset", self.dataset)
        if self.images < 2:
            raise ValueError(f"--images must be at least 2; received {self.images}.")
        if self.jobs < 1:
            raise ValueError(f"--jobs must be at least 1; received {self.jobs}.")


def measure_ladder(config: LadderConfig) -> None:
    """Measures the codecs whose models are there; prints the commands that make the others."""
    store = ArtifactStore.default()
    check_prepared(store, config.dataset)
    available = len(open_split(store, SPLIT, dataset=config.dataset).ids)
    count = min(config.images, available)
    if count < 2:
        raise UserError(f"The validation split of {config.dataset} has too few images to measure.")
    trained = [codec for codec in CODECS if _is_trained(store, codec)]
    with worker_pool(config.jobs) as executor:
        for codec in trained:
            if config.again or not is_measured(store, config.dataset, codec, images=count):
                _measure(_Task(store.root, config.dataset, codec, count), store, executor)
    print(ladder_sentence(store_ladder(store, config.dataset)).replace("**", ""))
    for rung in (rung for rung in RUNGS if not _is_trained(store, rung.codec)):
        print(f"{rung.label}: not trained yet. Train it with: {rung.command}")


def _measure(task: "_Task", store: ArtifactStore, executor: Executor) -> None:
    model = model_digest(store, task.codec)
    images = digest_of_split(store, task.dataset, SPLIT)
    table = concatenate([from_parquet(data) for data in _measured_images(task, executor)])
    errors = table["error"].drop_null()
    if len(errors):
        raise UserError(f"{task.codec}: {len(errors)} files have errors. The first: {errors[0]}")
    key = rung_key(task.dataset, task.codec)
    facts = {
        "model": model,
        "images": task.count,
        "rows": table.num_rows,
        "split": SPLIT,
        "dataset": MeasuredImages(task.dataset, images or "", task.count)._asdict(),
    }
    store.commit(key, {file_name(key, "parquet"): to_parquet(table)}, facts=facts)
    print(f"wrote {key}: {counted(table.num_rows, 'file')} of {counted(task.count, 'image')}")


@dataclass(frozen=True)
class _Task:
    """What a process needs to measure one codec on one of the images.

    Attributes:
        root: Folder of the artifact store.
        dataset: Name of the data set.
        codec: Name of the codec.
        count: Images that are measured in all.
    """

    root: Path
    dataset: str
    codec: str
    count: int


def _measured_images(task: _Task, executor: Executor) -> Iterator[bytes]:
    with progress_bar() as bar:
        found = executor.map(partial(_measure_image, task), range(task.count))
        yield from bar.track(found, description=task.codec, total=task.count)


def _measure_image(task: _Task, number: int) -> bytes:
    """Table of all settings of the codec on one of the images."""
    store = ArtifactStore(task.root)
    split = open_split(store, SPLIT, dataset=task.dataset)
    index = round(number * (len(split.ids) - 1) / (task.count - 1))
    name, image = split.ids[index], np.array(split.images[index])
    chosen = {psnr_db.NAME: metrics()[psnr_db.NAME]}
    points = get_codec(task.codec, store).sweep(store)
    found = [evaluate(one, image, image_id=name, metrics=chosen) for one in points]
    return to_parquet(to_table(one.record for one in found))


def _is_trained(store: ArtifactStore, codec: str) -> bool:
    is_model = any(rung.codec == codec for rung in RUNGS)
    return not is_model or store.exists(f"models/{codec}")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of `python -m pipelines.ladder`."""
    return run_step(LadderConfig, measure_ladder, name="ladder", argv=argv)


if __name__ == "__main__":
    raise SystemExit(main())
