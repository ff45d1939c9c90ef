"""The training loop: one call of Keras' `fit` and one of `evaluate` per epoch.

The batches of an epoch depend on the seed and the epoch's number alone. Early stopping,
checkpoints and the history are updated between the calls, so a training that was killed or
stopped, even within an epoch, resumes exactly where it was. Keras' callbacks do not suffice for
that: `EarlyStopping` and `ModelCheckpoint` keep their state in memory only, and
`BackupAndRestore` restarts the interrupted epoch with another order of batches.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.models.base import ImageModel, ModelConfig
from core.models.training import divergence
from core.models.training.activity import ActivityProbe
from core.models.training.arithmetic import arithmetic
from core.models.training.checkpoints import Arrays, Checkpoints, load_weights
from core.models.training.feed import ImageFeed, Images, epoch_rows, spread_feed, step_count
from core.models.training.history import History
from core.models.training.monitor import Monitor
from core.models.training.progress import DIVERGED, DROP, STOPPED, Progress
from core.models.training.step_watch import StepWatch
from core.models.training.validation import Validation, validate
from core.models.training.variation import Variation
from core.stop_request import Stopped, StopRequest


@dataclass
class Training:
    """A training that can be stopped at any step and resumes from its checkpoint.

    Attributes:
        network: Compiled model; it holds the latest weights.
        config: Training configuration.
        train: Training images.
        validation: Validation images.
        checkpoints: Where its state is saved.
        history: Where its metrics are recorded.
        monitor: Shows the progress after each step.
        stop: The stop request.
        progress: Its progress.
        best: Weights of the epoch with the lowest validation loss.
        variation: How training images are varied at random; None where they stay as they are.
    """

    network: ImageModel
    config: ModelConfig
    train: Images
    validation: Images
    checkpoints: Checkpoints
    history: History
    monitor: Monitor
    stop: StopRequest
    progress: Progress = field(default_factory=Progress)
    best: Arrays = field(default_factory=dict)
    variation: Variation | None = None

    @cached_property
    def _probe(self) -> ActivityProbe:
        return ActivityProbe(self.network)

    @property
    def is_finished(self) -> bool:
        """Whether the last epoch is done or the validation loss has stopped falling."""
        ends = self.has_converged and not self._can_lower
        return ends or self.progress.epoch >= self.config.epochs

    @property
    def has_converged(self) -> bool:
        """Whether the validation loss has not improved for `patience` epochs."""
        return self.progress.waited >= self.config.patience

    @property
    def _can_lower(self) -> bool:
        return self.progress.lr_drops < self.config.lr_drops

    @property
    def _gave_up(self) -> bool:
        return self.progress.ended_by == DIVERGED

    @property
    def ended_by_clock(self) -> bool:
        """Whether a time limit ended the training; this engine has none."""
        return False

    def __post_init__(self) -> None:
        self.follow(self.progress)

    def follow(self, progress: Progress) -> None:
        """Goes on from this progress, which the history tells from now on."""
        self.progress = self.history.progress = progress

    def resume(self) -> None:
        """Resumes from the newest intact checkpoint.

        Raises:
            ForeignCheckpoint: It is of another training.
            ArtifactError: No checkpoint is intact.
        """
        progress, self.best = self.checkpoints.restore(self.network, self.monitor.say)
        self.follow(progress)
        self.history.recall_previews(epochs=self.progress.epoch, warn=self.monitor.say)

    def validation_figures(self) -> dict[str, float]:
        """Metrics on the validation images with the current weights."""
        found = self.network.evaluate(self._validated(), verbose=0, return_dict=True)
        return {name: float(value) for name, value in found.items()}

    def run(self) -> None:
        """Trains to the end.

        Raises:
            Stopped: A signal came; the checkpoint is written.
            Diverged: The loss is NaN or infinite again and again; a checkpoint is kept.
        """
        planned = self.config.epochs - self.progress.plan_start
        self.network.plan(planned * self.steps, forgotten=self.progress.steps_forgotten)
        if not self.progress.images:
            self.network.initialise(self.train)
        has_ended = self.is_finished
        if has_ended and self.progress.ended_by in ("", STOPPED):
            self._note_end()
            self.checkpoints.save(self.network, self.best, self.progress)
        while not has_ended:
            if self._can_lower and (self.has_converged or self._gave_up):
                self.lower_learning_rate()
                self.checkpoints.save(self.network, self.best, self.progress)
            self.progress.ended_by = ""
            self._run_epoch()
            # As its checkpoint says: a clock goes on between two questions.
            has_ended = bool(self.progress.ended_by) and not (self._gave_up and self._can_lower)
        self.history.write(self.progress.history, ended_by=self.progress.ended_by)

    def _run_epoch(self) -> None:
        self.progress.note_arithmetic(arithmetic(self.config.precision))
        try:
            figures = self._fit()
            if divergence.has_diverged(self.progress, figures["loss"]):
                self._undo_epoch(figures["loss"])
            else:
                self.validate_epoch(figures)
        except divergence.Diverged:
            if self.checkpoints.whole_epochs():
                self._go_back(ended_by=DIVERGED)
                if self._can_lower:
                    return
            self.history.write(self.progress.history, ended_by=DIVERGED)
            raise

    def validate_epoch(self, figures: dict[str, float]) -> None:
        """Validates, saves and records the weights after an epoch with these mean metrics."""
        watch = self._watch(self.steps, figures)
        found = validate(self.network, self._validated(), watch, self._probe, self.validation)
        if self.stop.signal is not None:
            # The validation is repeated, because it may have been interrupted.
            self.stop_at(found.seconds, self.progress.step, figures)
        if not math.isfinite(found.figures["loss"]):
            self._undo_epoch(found.figures["loss"])
            return
        self._finish_epoch(figures, found)

    def _undo_epoch(self, loss: float) -> None:
        """Goes back to the end of the epoch before, after which another order, or an end, comes."""
        gone = self.progress
        can_go_back = bool(self.checkpoints.whole_epochs())
        divergence.check_can_undo(gone, loss, can_go_back=can_go_back, can_lower=self._can_lower)
        self._go_back(ended_by=DIVERGED if divergence.was_undone_enough(gone) else "")
        self.monitor.say(divergence.undone_line(gone, self.progress, loss))

    def _go_back(self, *, ended_by: str) -> None:
        """Restores the end of the epoch before, and saves what is told of the time since."""
        restored, self.best = self.checkpoints.restore_whole_epoch(self.network, self.monitor.say)
        self.follow(divergence.undone(self.progress, restored, ended_by=ended_by))
        self.checkpoints.save(self.network, self.best, self.progress)

    @property
    def _turn(self) -> dict[str, int]:
        """Number of the epoch, and its seed: another one after each epoch that was undone."""
        undone = divergence.undone_epochs(self.progress)
        return {"seed": self.config.seed + undone, "epoch": self.progress.epoch}

    def _order(self) -> NDArray[np.int64]:
        """Rows of the epoch's images."""
        return epoch_rows(len(self.train), images=self._epoch_images, **self._turn)

    @property
    def _epoch_images(self) -> int:
        return self.config.epoch_images or len(self.train)

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return step_count(self._epoch_images, self.config.batch)

    def _validated(self) -> Any:
        count = self.config.validation_images or len(self.validation)
        return spread_feed(self.validation, count, batch=self.config.batch)

    def _fit(self) -> dict[str, float]:
        """Mean metrics of the epoch, part of which an earlier run may have done."""
        if self.progress.step >= self.steps:
            return self.progress.partial
        first = self.progress.step
        own, side = self.variation, self.train.shape[1]
        vary = None if own is None else own.of_epoch(**self._turn, side=side)
        feed = ImageFeed(
            self.train, self._order(), batch=self.config.batch, first_step=first, vary=vary
        )
        watch = self._watch(first, self.progress.partial)
        self.monitor.start()
        # Keras would shuffle the batches once more, by a generator that no checkpoint remembers.
        fitted = self.network.fit(feed.for_keras(), shuffle=False, verbose=0, callbacks=[watch])
        self._count(watch.seconds, watch.steps)
        return watch.mean({name: values[-1] for name, values in fitted.history.items()})

    def _watch(self, steps_before: int, figures_before: dict[str, float]) -> StepWatch:
        return StepWatch(
            batch=self.config.batch,
            images=self._epoch_images,
            steps_before=steps_before,
            figures_before=figures_before,
            on_step=self._step_done,
            should_stop=lambda: self.stop.signal is not None,
        )

    def _step_done(
        self, seconds: float, step: int, figures: Callable[[], dict[str, float]]
    ) -> None:
        is_stopping = self.stop.signal is not None
        if is_stopping or not step % divergence.CHECKED_STEPS:
            share = step / self.steps
            if divergence.has_diverged(self.progress, figures()["loss"], done=share):
                # The epoch ends here and is undone; only then may a checkpoint be written.
                self.network.stop_training = True
                return
        if is_stopping:
            self.stop_at(seconds, step, figures())
        history, batch = self.progress.history, self.config.batch
        self.monitor.step(history, step=step, steps=self.steps, batch=batch, figures=figures)

    def _count(self, seconds: float, step: int) -> None:
        """Adds the steps that were done in this run, up to `step`, to the totals."""
        batch, total = self.config.batch, self._epoch_images
        self.progress.images += min(step * batch, total) - min(self.progress.step * batch, total)
        self.progress.seconds += seconds
        self.progress.step = step

    def _finish_epoch(self, figures: dict[str, float], found: Validation) -> None:
        progress = self.progress
        progress.seconds += found.seconds
        progress.epoch += 1
        progress.step, progress.partial = 0, {}
        divergence.count_anew(progress)
        if progress.judge(found.figures["loss"]):
            self.best = found.weights
        rate = float(self.network.optimizer.learning_rate)
        columns = figures | {f"validation_{name}": found.figures[name] for name in found.figures}
        progress.history.append(progress.row(columns, learning_rate=rate) | found.units)
        self._note_end()
        self.checkpoints.save(self.network, self.best, progress)
        self.history.previews.append(progress.epoch, found.preview)
        self.history.write(progress.history, running={"epoch": progress.epoch + 1, "step": 0})
        self.monitor.epoch(progress.history[-1])

    def _note_end(self) -> None:
        epochs, by_clock = self.config.epochs, self.ended_by_clock
        self.progress.note_end(is_finished=self.is_finished, epochs=epochs, by_clock=by_clock)

    def lower_learning_rate(self) -> None:
        """Goes on from the best weights at a lower learning rate, and counts anew."""
        load_weights(self.network, self.best)
        divergence.count_anew(self.progress)
        self.progress.note_drop()
        self._lower_rate()
        self.monitor.say(f"goes on from epoch {self.progress.best_epoch} at a third of the rate")

    def _lower_rate(self) -> None:
        self.network.optimizer.learning_rate = DROP * float(self.network.optimizer.learning_rate)

    def stop_at(self, seconds: float, step: int, figures: dict[str, float]) -> None:
        """Saves the position inside the epoch and ends the training.

        Raises:
            Stopped: Always.
        """
        if keras.backend.backend() == "jax":
            # Inside `fit` the JAX trainer keeps the variables to itself.
            self.network.jax_state_sync()
        self._count(seconds, step)
        self.progress.partial, self.progress.ended_by = figures, STOPPED
        self.checkpoints.save(self.network, self.best, self.progress)
        self.history.write(self.progress.history, ended_by=self.progress.ended_by)
        raise Stopped(self.stop.signal or 0)
