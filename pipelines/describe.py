"""Measures for Compare: traits of the training images, its first image, ends of its searches."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.dataset.photographs import photographs
from core.dataset.splits import DEFAULT, array_file, dataset_key, split_of
from core.dataset.traits import (
    PERCENTILES,
    measure_traits,
    oddities,
    ranges_file,
    ranges_key,
    ranges_of,
)
from core.evaluation.first_comparison import KEY as FIRST
from core.evaluation.first_comparison import commit_first, measure_first
from core.evaluation.search_starts import KEY as STARTS
from core.evaluation.search_starts import commit_starts, measure_starts
from core.store import Artifact, ArtifactStore
from pipelines.base import UserError, check_name, option, run_step
from pipelines.prepared_dataset import check_prepared
from pipelines.progress_bar import progress_bar


@dataclass(frozen=True)
class DescribeConfig:
    """Which images are measured."""

    dataset: str = option(DEFAULT, help="prepared data set that is described", metavar="NAME")
    most: int = option(0, help="measure so many training images at most; 0 measures all")
    photographs: bool = option(
        False,
        help="measure only what Compare shows at first, and where its searches by size end "
        "on the built-in photographs",
    )

    def __post_init__(self) -> None:
        check_name("--dataset", self.dataset)
        if ranges_key(self.dataset) in (STARTS, FIRST):
            raise ValueError(f"A data set called {self.dataset} cannot be described.")
        if self.most < 0:
            raise ValueError(f"--most must be 0 or more; received {self.most}.")


def describe(config: DescribeConfig) -> None:
    """Writes the range of each trait; prints how many validation images are outside of it."""
    store = ArtifactStore.default()
    if config.photographs:
        _measure_first(store)
        _measure_starts(store)
        return
    check_prepared(store, config.dataset)
    store.load(dataset_key(config.dataset), lambda found: _describe(found, config, store))


def _describe(dataset: Artifact, config: DescribeConfig, store: ArtifactStore) -> None:
    train = split_of(dataset, "train").images[: config.most or None]
    validation = split_of(dataset, "validation").images[: config.most or None]
    if not len(train):
        raise UserError("The training split has no image to measure.")
    with progress_bar() as bar:
        ranges = ranges_of(
            [measure_traits(image) for image in bar.track(train, description="Training images")]
        )
        outside = sum(
            bool(oddities(image, ranges))
            for image in bar.track(validation, description="Validation images")
        )
    images = dataset.manifest.files[array_file("train", config.dataset)]
    facts = {
        "dataset": {"name": config.dataset, "sha256": images.sha256},
        "percentiles": list(PERCENTILES),
        "images": len(train),
        "validation_images": len(validation),
        "validation_outside": outside,
    }
    key = ranges_key(config.dataset)
    text = json.dumps({"ranges": ranges}, indent=1) + "\n"
    store.commit(key, {ranges_file(config.dataset): text.encode("utf-8")}, facts=facts)
    print(f"Wrote {key}: {len(train):,} training images.")
    print(f"Outside the ranges: {outside:,} of {len(validation):,} validation images.")


def _measure_first(store: ArtifactStore) -> None:
    title, image = next(iter(photographs().items()))
    commit_first(title, measure_first(image, store), store)
    print(f"Wrote {FIRST}: {title}, as Compare shows it at first.")


def _measure_starts(store: ArtifactStore) -> None:
    with progress_bar() as bar:
        shown = bar.track(list(photographs().items()), description="Built-in photographs")
        commit_starts(measure_starts(shown, store), store)
    print(f"Wrote {STARTS}: where searches by size end on {len(photographs())} photographs.")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of the step."""
    return run_step(DescribeConfig, describe, name="describe", argv=argv)


if __name__ == "__main__":
    raise SystemExit(main())
