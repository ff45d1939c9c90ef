"""The objective of the search: the thesis' combined score after one short training."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
import optuna
from numpy.typing import NDArray

from core.dataset.splits import DEFAULT, open_split
from core.metrics import psnr_db, ssim
from core.models import get_model
from core.models.base import ImageModel, Model
from core.models.training.feed import ImageFeed, Images, shuffled
from core.search.budget import Budget
from core.search.queue import Interrupted
from core.search.spaces import SearchSpace, get_space
from core.search.studies import FILTERS, PSNR, SSIM
from core.search.trial_previews import TrialPreviews
from core.store import ArtifactStore
from core.training_records.previews import join_preview, preview_originals

Rows = NDArray[np.int64]


class Quality(NamedTuple):
    """Mean metrics over the validation images, computed as in the evaluation.

    Attributes:
        psnr_db: PSNR of the rounded images, range 255.
        ssim: SSIM of the rounded images, range 255.
    """

    psnr_db: float
    ssim: float

    @property
    def score(self) -> float:
        """The thesis' objective, maximised here; the thesis minimised its negative."""
        return self.psnr_db + self.ssim


@dataclass(frozen=True)
class TrialTraining:
    """Trains a model with the parameters of a trial on the budget of a study.

    Attributes:
        model: The model.
        space: Search space.
        budget: Budget of a trial.
        train: Images of the training split.
        validation: Images of the validation split.
        previews: Where each trial's preview is written.
    """

    model: Model
    space: SearchSpace
    budget: Budget
    train: Images
    validation: Images
    previews: TrialPreviews

    def __call__(self, trial: optuna.Trial, should_stop: Callable[[], bool]) -> float:
        """Combined score of the last epoch; reports the PSNR of every epoch.

        Raises:
            optuna.TrialPruned: The PSNR is too far below that of other trials.
            Interrupted: `should_stop` returned true.
        """
        keras.utils.clear_session(free_memory=True)
        network = self._network(trial)
        rows = subset_rows(len(self.train), self.budget.images, seed=self.budget.seed)
        watch = _Watch(should_stop)
        for epoch in range(1, self.budget.epochs + 1):
            started = time.monotonic()
            feed = self._feed(rows, epoch).for_keras()
            network.fit(feed, verbose=0, shuffle=False, callbacks=[watch])
            speed = len(rows) / (time.monotonic() - started)
            trial.set_user_attr("images_per_second", round(speed, 1))
            quality = self._validated(network)
            self.previews.save(
                join_preview(network.reconstructions(preview_originals())),
                number=trial.number,
                started=trial.datetime_start,
            )
            _note(trial, quality, epoch=epoch)
            if epoch < self.budget.epochs and trial.should_prune():
                raise optuna.TrialPruned(f"below the median after epoch {epoch}")
        return quality.score

    def _network(self, trial: optuna.Trial) -> ImageModel:
        budget = {"batch": self.budget.batch, "epochs": self.budget.epochs}
        config = dataclasses.replace(
            self.model.config,
            **self.space.suggest(trial),
            **budget,
            seed=self.budget.seed,
            precision=self.budget.precision,
        )
        keras.utils.set_random_seed(config.seed)
        network = self.model.build(config)
        network.reconstructions(preview_originals())  # makes the weights
        trial.set_user_attr(FILTERS, list(config.filters))
        trial.set_user_attr("parameters", network.count_params())
        return network

    def _feed(self, rows: Rows, epoch: int) -> ImageFeed:
        order = shuffled(len(rows), seed=self.budget.seed, epoch=epoch)
        return ImageFeed(self.train, rows[order], batch=self.budget.batch)

    def _validated(self, network: ImageModel) -> Quality:
        count, batch = self.budget.validation_images, self.budget.batch
        rows = subset_rows(len(self.validation), count, seed=self.budget.seed)
        feed = ImageFeed(self.validation, rows, batch=batch)
        pairs = [
            (original, decoded)
            for (images,) in (feed[step] for step in range(len(feed)))
            for original, decoded in zip(images, network.reconstructions(images), strict=True)
        ]
        return Quality(
            psnr_db=float(np.mean([psnr_db.measure(*pair) for pair in pairs])),
            ssim=float(np.mean([ssim.measure(*pair) for pair in pairs])),
        )


def make_objective(
    model: str,
    budget: Budget,
    store: ArtifactStore,
    *,
    name: str | None = None,
    dataset: str = DEFAULT,
) -> TrialTraining:
    """Objective of the search for a model.

    Args:
        model: Name of the model.
        budget: Budget of a trial.
        store: Where the data set is, and where each trial's preview is written.
        name: Name of the study; the model's when None.
        dataset: Name of the data set.

    Raises:
        ValueError: There is no such model, or no search space for it.
        ArtifactError: The data set is not prepared.
    """
    train, validation = (
        open_split(store, split, dataset=dataset).images for split in ("train", "validation")
    )
    previews = TrialPreviews(store, name or model)
    return TrialTraining(get_model(model), get_space(model), budget, train, validation, previews)


def subset_rows(total: int, count: int, *, seed: int) -> Rows:
    """Rows of `count` images out of `total`, the same for every trial, in ascending order."""
    return np.sort(np.random.default_rng((seed, count)).choice(total, count, replace=False))


def _note(trial: optuna.Trial, quality: Quality, *, epoch: int) -> None:
    trial.report(quality.psnr_db, step=epoch)
    notes: dict[str, Any] = {PSNR: quality.psnr_db, SSIM: quality.ssim, "epochs": epoch}
    for name, value in notes.items():
        trial.set_user_attr(name, value)


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends the training at the end of a step when a stop was requested."""

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        super().__init__()
        self._should_stop = should_stop

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Ends it there if a stop was requested."""
        if self._should_stop():
            raise Interrupted
