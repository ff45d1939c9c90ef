"""Measures what the training pictures are like; Compare warns of pictures unlike them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.progress import track

from core.dataset import KEY as DATASET_KEY
from core.dataset import array_file, open_split
from core.picture_traits import FILE, KEY, PERCENTILES, measure_traits, oddities, ranges_of
from core.store import ArtifactStore
from pipelines.base import UserError, option, run_step


@dataclass(frozen=True)
class DescribeConfig:
    """Which pictures are measured."""

    most: int = option(0, help="measure so many training pictures at most; 0 measures all")

    def __post_init__(self) -> None:
        if self.most < 0:
            raise ValueError(f"--most must be 0 or more; received {self.most}.")


def describe(config: DescribeConfig) -> None:
    """Writes the usual range of each trait, and says how many validation pictures lie outside."""
    store = ArtifactStore.default()
    train = open_split(store, "train").images[: config.most or None]
    validation = open_split(store, "validation").images[: config.most or None]
    if not len(train):
        raise UserError("The training split has no picture to measure.")
    ranges = ranges_of([measure_traits(image) for image in track(train, "Training pictures")])
    outside = sum(
        bool(oddities(image, ranges)) for image in track(validation, "Validation pictures")
    )
    pictures = store.manifest(DATASET_KEY).files[array_file("train")]
    facts = {
        "dataset": {"name": "imagenette160", "sha256": pictures.sha256},
        "percentiles": list(PERCENTILES),
        "pictures": len(train),
        "validation_pictures": len(validation),
        "validation_outside": outside,
    }
    text = json.dumps({"ranges": ranges}, indent=1) + "\n"
    store.commit(KEY, {FILE: text.encode("utf-8")}, facts=facts)
    print(f"Wrote {KEY}: {len(train):,} training pictures.")
    print(f"Outside the ranges: {outside:,} of {len(validation):,} validation pictures.")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of the step."""
    return run_step(DescribeConfig, describe, name="describe", argv=argv)


if __name__ == "__main__":
    raise SystemExit(main())
