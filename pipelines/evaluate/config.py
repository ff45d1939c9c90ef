"""What a person asks of an evaluation."""

import re
from dataclasses import dataclass
from pathlib import Path

from core.evaluation.results import DEFAULT_DATASET
from pipelines.base import available_cores, option
from pipelines.evaluate.verification import MIN_IMAGES

_DATASET_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SCHEDULER = re.compile(r"(tcp|tls|ws|wss|ucx)://[^\s/]+:\d{1,5}")


@dataclass(frozen=True)
class Config:
    """What to measure, on which images, with how many processes."""

    codecs: tuple[str, ...] = option(
        (), help="codecs; all without any", positional=True, metavar="CODEC"
    )
    images: Path | None = option(
        None, help="folder of images instead of the test split", metavar="DIR"
    )
    dataset: str | None = option(
        None, help="name under which the results of --images are kept", metavar="NAME"
    )
    jobs: int = option(available_cores(), help="number of processes", metavar="N")
    scheduler: str | None = option(
        None, help="Dask cluster to work on instead, such as tcp://host:8786", metavar="URL"
    )
    again: bool = option(False, help="measure again what is up to date")
    verify: int | None = option(
        None,
        help=f"measure N images of the stored results again and compare, N >= {MIN_IMAGES}",
        metavar="N",
    )
    stamp: bool = option(False, help="with --verify: mark results found equal as up to date")

    def __post_init__(self) -> None:
        if (self.images is None) != (self.dataset is None):
            raise ValueError("--images DIR and --dataset NAME are given together or not at all.")
        if self.dataset is not None and not _DATASET_NAME.fullmatch(self.dataset):
            raise ValueError(
                "A data set's name has 1 to 64 small letters, digits, '-' and '_' and starts with "
                f"a letter or digit; received {self.dataset!r}."
            )
        if self.dataset == DEFAULT_DATASET:
            raise ValueError(f"{DEFAULT_DATASET} names the test split; choose another one.")
        if self.scheduler is not None and not _SCHEDULER.fullmatch(self.scheduler):
            raise ValueError(
                "--scheduler takes an address such as tcp://host:8786; "
                f"received {self.scheduler!r}."
            )
        if self.verify is not None and self.verify < MIN_IMAGES:
            raise ValueError(f"--verify takes at least {MIN_IMAGES}; received {self.verify}.")
        if self.stamp and self.verify is None:
            raise ValueError("--stamp marks what --verify has found equal; give both.")
        if self.jobs < 1:
            raise ValueError(f"--jobs must be at least 1; received {self.jobs}.")
