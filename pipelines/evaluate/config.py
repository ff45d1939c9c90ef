"""What a person asks of an evaluation."""

import re
from dataclasses import dataclass
from pathlib import Path

from core.jobs.process_limits import available_cores
from core.metrics import metrics, unavailable
from core.store.key import DEFAULT_DATASET
from pipelines.base import check_name, option
from pipelines.evaluate.verification import MIN_IMAGES

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
        None,
        help="prepared data set whose test split is measured, or with --images the name under "
        f"which their results are kept; {DEFAULT_DATASET} without it",
        metavar="NAME",
    )
    jobs: int = option(available_cores(), help="number of processes", metavar="N")
    scheduler: str | None = option(
        None, help="Dask cluster to work on instead, such as tcp://host:8786", metavar="URL"
    )
    metric: tuple[str, ...] = option(
        (),
        help="add these metrics to stored results and measure nothing else again",
        metavar="NAME",
    )
    again: bool = option(False, help="measure again what is up to date")
    replace: bool = option(
        False, help="with --images: measure another folder under a name that has results"
    )
    verify: int | None = option(
        None,
        help=f"measure N images of the stored results again and compare, N >= {MIN_IMAGES}",
        metavar="N",
    )
    stamp: bool = option(False, help="with --verify: mark results found equal as up to date")

    def __post_init__(self) -> None:
        if self.images is not None and self.dataset is None:
            raise ValueError(
                "--images DIR is given together with --dataset NAME, under which its results are "
                "kept."
            )
        check_name("--dataset", self.dataset)
        if self.images is not None and self.dataset == DEFAULT_DATASET:
            raise ValueError(f"{DEFAULT_DATASET} names the test split; choose another one.")
        if self.scheduler is not None and not _SCHEDULER.fullmatch(self.scheduler):
            raise ValueError(
                "--scheduler takes an address such as tcp://host:8786; "
                f"received {self.scheduler!r}."
            )
        for name in self.metric:
            if name in unavailable():
                raise ValueError(f"--metric: {name} {unavailable()[name]}.")
            if name not in metrics():
                known = ", ".join(metrics())
                raise ValueError(f"--metric takes some of {known}; received {name!r}.")
        if self.metric and (self.again or self.verify is not None):
            raise ValueError("--metric adds to stored results; --again and --verify do not.")
        if self.replace and self.images is None:
            raise ValueError("--replace measures another folder under its name; give --images DIR.")
        if self.verify is not None and (self.again or self.replace):
            raise ValueError("--verify changes no results; it does not go with --again, --replace.")
        if self.verify is not None and self.verify < MIN_IMAGES:
            raise ValueError(f"--verify takes at least {MIN_IMAGES}; received {self.verify}.")
        if self.stamp and self.verify is None:
            raise ValueError("--stamp marks what --verify has found equal; give both.")
        if self.jobs < 1:
            raise ValueError(f"--jobs must be at least 1; received {self.jobs}.")

    @property
    def dataset_name(self) -> str:
        """Name of the data set that is measured."""
        return self.dataset or DEFAULT_DATASET
