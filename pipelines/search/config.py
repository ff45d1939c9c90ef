"""What is asked of a search: its command-line flags as a checked dataclass."""

from dataclasses import dataclass, replace
from typing import Any

from core.dataset.splits import DEFAULT
from core.search.budget import Budget
from core.search.spaces import SearchSpace
from pipelines.base import check_name, option
from pipelines.search.repeats import DEFAULT_TRIALS


@dataclass(frozen=True)
class Config:
    """What to search, where, and what a trial may spend."""

    model: str = option(help="model to search, such as ae80", positional=True)
    name: str | None = option(None, help="name of the study (default: the model's)")
    dataset: str = option(DEFAULT, help="prepared data set to train on", metavar="NAME")
    trials: int | None = option(
        None,
        help="trials that the study shall have finished in all (default: "
        f"{DEFAULT_TRIALS}, or those that are queued in a study with --repeat)",
    )
    repeat: str | None = option(
        None,
        help="train the complete trials of this committed study again, its best first, with "
        "another budget, in place of a search: does that decide alike?",
        metavar="STUDY",
    )
    storage: str | None = option(
        None, help="database to share with other machines, such as postgresql://..."
    )
    workers: int = option(1, help="worker processes on this machine")
    images: int | None = option(None, help=f"training images of a trial (default: {Budget.images})")
    validation_images: int | None = option(
        None, help=f"validation images of a trial (default: {Budget.validation_images})"
    )
    epochs: int | None = option(None, help=f"epochs of a trial (default: {Budget.epochs})")
    precision: str | None = option(
        None,
        help="numbers to compute in (default: float32)",
        choices=("float32", "mixed_bfloat16"),
    )
    seed: int | None = option(None, help="seed of the sampler (default: the study's; 0 if new)")
    heartbeat: int = option(
        15,
        help="seconds between signs of life of a trial; after four times as long without one "
        "it is tried again",
    )
    restart: bool = option(False, help="forget the study and start anew")
    replace: bool = option(False, help="replace a committed study whose trials this one lacks")

    def __post_init__(self) -> None:
        check_name("--name", self.name)
        check_name("--dataset", self.dataset)
        check_name("--repeat", self.repeat)
        for name in ("trials", "workers", "heartbeat"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"--{name} must be at least 1; received {value}.")
        if self.repeat == self.study_name:
            raise ValueError(f"--repeat {self.repeat} needs a --name of its own.")
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"--seed must not be negative; received {self.seed}.")
        self.budget()

    @property
    def study_name(self) -> str:
        """Name of the study."""
        return self.name or self.model

    def given(self) -> dict[str, Any]:
        """Fields of the budget that were given at the command line."""
        names = ("images", "validation_images", "epochs", "precision")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def budget(self, space: SearchSpace | None = None) -> Budget:
        """Budget of a new study, with the images per step of its space."""
        batch = Budget.batch if space is None else space.batch
        return replace(Budget(batch=batch), **self.given())
