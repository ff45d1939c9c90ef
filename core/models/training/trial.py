"""The objective of the search: what a model is worth after one short training."""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import optuna
from numpy.typing import NDArray

from core.dataset.splits import DEFAULT, open_split
from core.models import get_model
from core.models.base import ImageModel, Model
from core.models.training.divergence import is_too_high
from core.models.training.feed import ImageFeed, Images, shuffled, step_count
from core.models.training.judges import Judge, Judgement, Unjudged, make_judge
from core.search.budget import Budget
from core.search.queue import Interrupted
from core.search.spaces import SearchSpace, get_space
from core.search.studies import DIVERGED, FILTERS, PSNR, UNJUDGED
from core.search.trial_previews import TrialPreviews
from core.store import ArtifactStore
from core.training_records.previews import join_preview, preview_originals

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class TrialTraining:
    """Trains a model with the parameters of a trial on the budget of a study.

    Attributes:
        model: The model.
        space: Search space.
        budget: Budget of a trial.
        train: Images of the training split.
        judge: Measures the trained network.
        previews: Where each trial's preview is written.
    """

    model: Model
    space: SearchSpace
    budget: Budget
    train: Images
    judge: Judge
    previews: TrialPreviews

    def __call__(self, trial: optuna.Trial, should_stop: Callable[[], bool]) -> tuple[float, ...]:
        """Value of each objective; where there is one, reports the PSNR of every epoch.

        Raises:
            optuna.TrialPruned: The PSNR is too far below that of other trials, or the network
                has no value.
            Interrupted: `should_stop` returned true.
        """
        keras.utils.clear_session(free_memory=True)
        network = self._network(trial)
        rows = subset_rows(len(self.train), self.budget.images, seed=self.budget.seed)
        network.initialise(self.train)
        network.plan(self.budget.epochs * step_count(len(rows), self.budget.batch))
        watch, judgement, losses = _Watch(should_stop), Judgement((), {}), list[float]()
        prunes = len(self.space.objectives) == 1  # Optuna compares trials by one objective only
        for epoch in range(1, self.budget.epochs + 1):
            started = time.monotonic()
            feed = self._feed(rows, epoch).for_keras()
            fitted = network.fit(feed, verbose=0, shuffle=False, callbacks=[watch])
            losses.append(float(fitted.history["loss"][0]))
            trial.set_user_attr(DIVERGED, diverged_epochs(losses))
            speed = len(rows) / (time.monotonic() - started)
            trial.set_user_attr("images_per_second", round(speed, 1))
            with network.averaged():
                if prunes or epoch == self.budget.epochs:
                    judgement = self._judged(network, trial)
                preview = join_preview(network.reconstructions(preview_originals()))
            self.previews.save(preview, number=trial.number, started=trial.datetime_start)
            for name, value in {**judgement.notes, "epochs": epoch}.items():
                trial.set_user_attr(name, value)
            if prunes:
                _prune(trial, judgement, epoch=epoch, last=self.budget.epochs)
        return judgement.values

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
        trial.set_user_attr("parameters", _parameter_count(network))
        return network

    def _feed(self, rows: Rows, epoch: int) -> ImageFeed:
        order = shuffled(len(rows), seed=self.budget.seed, epoch=epoch)
        return ImageFeed(self.train, rows[order], batch=self.budget.batch)

    def _judged(self, network: ImageModel, trial: optuna.Trial) -> Judgement:
        try:
            return self.judge(network)
        except Unjudged as error:
            trial.set_user_attr(UNJUDGED, str(error))  # Optuna drops the reason
            raise optuna.TrialPruned(str(error)) from error


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
    found, space = get_model(model), get_space(model)
    rows = subset_rows(len(validation), budget.validation_images, seed=budget.seed)
    judge = make_judge(found, space, np.asarray(validation[rows]), budget.batch)
    previews = TrialPreviews(store, name or model)
    return TrialTraining(found, space, budget, train, judge, previews)


def subset_rows(total: int, count: int, *, seed: int) -> Rows:
    """Rows of `count` images out of `total`, the same for every trial, in ascending order."""
    return np.sort(np.random.default_rng((seed, count)).choice(total, count, replace=False))


def diverged_epochs(losses: Sequence[float]) -> int:
    """How many epochs of a trial diverged, which makes its rank a matter of chance.

    A trial repeats none.

    Args:
        losses: Mean loss of each epoch.
    """
    return sum(map(is_too_high, losses, [None, *losses[:-1]]))


def _parameter_count(network: ImageModel) -> int:
    return sum(math.prod(weights.shape) for weights in network.trainable_weights)


def _prune(trial: optuna.Trial, judgement: Judgement, *, epoch: int, last: int) -> None:
    """Reports the PSNR after an epoch; ends the trial if that is below the others'."""
    trial.report(judgement.notes[PSNR], step=epoch)
    if epoch < last and trial.should_prune():
        raise optuna.TrialPruned(f"below the median after epoch {epoch}")


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends the training at the end of a step when a stop was requested."""

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        super().__init__()
        self._should_stop = should_stop

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Ends it there if a stop was requested."""
        if self._should_stop():
            raise Interrupted
