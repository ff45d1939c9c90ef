"""The scan engine: a training whose epochs are chunks of steps compiled as one loop, for JAX.

Between epochs it works like `core.models.training.loop`: validation, early stopping, history,
checkpoints and publication. Within an epoch a chunk that diverged is rolled back.
"""

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from core.dataset.training_photographs import Photographs
from core.models.training.divergence import Diverged
from core.models.training.loop import Training
from core.models.training.progress import DROP, Progress
from core.models.training.sampling import Sampler, TrainingImages, on_device, plain
from core.models.training.scan import (
    Carry,
    Chunk,
    ScannedRate,
    copied,
    give_state,
    make_chunk,
    prepare_for_scan,
    take_state,
)
from core.models.training.scan_rate import PlanClock, ScanRate, without_rollbacks
from core.models.training.step_watch import joint_means
from core.models.training.weight_pieces import WeightPieces

#: A chunk whose mean loss exceeds that of the previous chunks by this factor is rolled back.
MAX_LOSS_RATIO = 1.3

#: Number of rollbacks after which the decay begins at once.
MAX_ROLLBACKS = 3

_LOSS_DECAY = 0.9


@dataclass
class ScanTraining(Training):
    """A training that can be stopped between chunks and resumes from its checkpoint.

    Attributes:
        minutes: Time limit of the whole training; None for the model's own schedule.
        chunk_steps: Steps per call.
        sampler: Makes a batch of the images of its rows, on the device.
        photographs: Further images of any size, if there are any.
        warm_up_steps: Length of the warm-up with a time limit.
        pieces: Where the averaged weights are written every two minutes.
        clock: The time that the current plan has taken.
    """

    minutes: float | None = None
    chunk_steps: int = 128
    sampler: Sampler = plain
    photographs: Photographs | None = None
    warm_up_steps: int = 500
    pieces: WeightPieces | None = None
    clock: PlanClock = field(default_factory=PlanClock)
    _good: Carry | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.photographs is not None:
            self.photographs.large(self.train.shape[1])  # refuses what is too small at once
        few: Any = np.zeros((min(4, self.config.batch), *self.train.shape[1:]), np.uint8)
        self._scanned_rate: ScannedRate = prepare_for_scan(self.network, few)

    @property
    def steps(self) -> int:
        """Steps of an epoch; all batches are full."""
        return max(1, super()._epoch_images // self.config.batch)

    @property
    def _epoch_images(self) -> int:
        return self.steps * self.config.batch

    @property
    def is_finished(self) -> bool:
        """Whether the time limit is reached; without one, as in `Training`."""
        return super().is_finished if self.minutes is None else self.ended_by_clock

    @property
    def has_converged(self) -> bool:
        """With a time limit never: it alone ends the training."""
        return self.minutes is None and super().has_converged

    @property
    def ended_by_clock(self) -> bool:
        """Whether the time limit ended the training."""
        return self.rate.is_over(self.clock.seconds())

    def run(self) -> None:
        """Trains to the end; the time limit counts from here, whatever takes it."""
        progress = self.progress
        trained = progress.seconds - progress.plan_start_seconds
        self.clock = PlanClock(max(progress.plan_seconds, trained))
        super().run()

    def _note_end(self) -> None:
        super()._note_end()
        # Where the clock ended the training, there is no time for the end of another epoch.
        self.progress.plan_seconds = self.clock.seconds(ends=int(self.ended_by_clock))

    def stop_at(self, seconds: float, step: int, figures: dict[str, float]) -> None:
        """Like `Training`'s; the clock is saved, too."""
        self.progress.plan_seconds = self.clock.seconds(ends=0)
        super().stop_at(seconds, step, figures)

    @cached_property
    def rate(self) -> ScanRate:
        """The learning rate state, from the checkpoint if there is one."""
        epochs = self.config.epochs - self.progress.plan_start
        rate = ScanRate(
            self._planned,
            epochs * self.steps,
            minutes=self.minutes,
            highest=self.config.learning_rate * DROP**self.progress.lr_drops,
            warm_up_steps=self.warm_up_steps,
        )
        rate.recall(self.progress.guards)
        return rate

    def follow(self, progress: Progress) -> None:
        """Goes on from this progress, at the rate that its guards remember."""
        super().follow(progress)
        self.__dict__.pop("rate", None)

    def _lower_rate(self) -> None:
        self._scanned_rate.lower(DROP)
        self.progress.guards = without_rollbacks(self.progress.guards)
        self.follow(self.progress)

    def _planned(self, steps: NDArray[np.int64]) -> NDArray[np.float32]:
        """The model's own schedule, or its constant rate."""
        schedule = getattr(self.network.optimizer, "schedule", None)
        if schedule is not None:
            return np.asarray(schedule(steps), np.float32)
        rate = self.config.learning_rate * DROP**self.progress.lr_drops
        return np.full(len(steps), rate, np.float32)

    @cached_property
    def _images(self) -> TrainingImages:
        if self.photographs is None:
            return on_device(self.train)
        side = self.train.shape[1]
        return on_device(self.train, self.photographs.values, self.photographs.large(side))

    @cached_property
    def _run_chunk(self) -> Any:
        return make_chunk(self.network, self._scanned_rate, self.sampler)

    def validate_epoch(self, figures: dict[str, float]) -> None:
        """Like `Training`'s; the best weights are kept in pieces as well."""
        started = time.monotonic()
        super().validate_epoch(figures)
        if self.pieces is not None:
            self.pieces.save_best(self.best, self.checkpoints, self.progress)
        self.clock.end_seconds = time.monotonic() - started

    def _is_last(self) -> bool:
        """Whether the clock leaves time to end this epoch, but no other one."""
        return self.rate.is_over(self.clock.seconds(ends=2)) and not self.ended_by_clock

    def _fit(self) -> dict[str, float]:
        """Mean metrics of the epoch; it goes on while all was rolled back, and as the last one."""
        figures = self._pass()
        while not figures or self._is_last():
            self.progress.step = 0
            figures = self._pass()
        return figures

    def _pass(self) -> dict[str, float]:
        """Mean metrics of one pass over the epoch's batches; none where all were rolled back."""
        if self.progress.step >= self.steps:
            return self.progress.partial
        started, first = time.monotonic(), self.progress.step
        order = self._order().reshape(self.steps, self.config.batch)
        self.network.reset_metrics()
        carry, figures, done = self._start(), dict(self.progress.partial), first
        self.monitor.start()
        while done < self.steps:
            seconds = self.clock.seconds()
            if self.rate.is_over(seconds) and done > first:
                break
            rows = order[done : done + self.chunk_steps]
            carry, found = self._chunk(carry, rows, seconds)
            done += len(rows)
            if found:
                share = (done - first) / done
                figures = joint_means(self.progress.partial, found, share=share)
            if self.pieces is not None and self.pieces.is_due():
                give_state(self.network, carry.state)
                self.pieces.save_within(self, figures, done, time.monotonic() - started)
            if self.stop.signal is not None:
                give_state(self.network, carry.state)
                self.stop_at(time.monotonic() - started, done if figures else first, figures)
            self.monitor.step(
                self.progress.history,
                step=done,
                steps=self.steps,
                batch=self.config.batch,
                figures=figures.copy,
            )
        give_state(self.network, carry.state)
        self._count(time.monotonic() - started, done)
        return figures

    def _start(self) -> Carry:
        guards = self.progress.guards
        carry = Carry(
            take_state(self.network),
            jnp.float32(guards.get("norm", 0.0)),
            jnp.int32(guards.get("applied", 0)),
            jax.random.PRNGKey(self.config.seed),
        )
        self._good = copied(carry)
        return carry

    def _chunk(
        self, carry: Carry, rows: NDArray[np.int64], seconds: float
    ) -> tuple[Carry, dict[str, float]]:
        """Carry and metrics after a chunk; if it diverged, the last good carry and no metrics."""
        guards = self.progress.guards
        # The optimiser counts the steps of `fit` too, but none that was not applied.
        step = max(int(guards.get("step", 0)), int(self.network.optimizer.iterations))
        count, missing = len(rows), self.chunk_steps - len(rows)
        rates = self.rate.rates(step, count, seconds=seconds)
        key = jax.random.fold_in(jax.random.PRNGKey(self.config.seed), step)
        carry, chunk = self._run_chunk(
            carry._replace(key=key),
            self._images,
            jnp.asarray(np.pad(rows, ((0, missing), (0, 0))), jnp.int32),
            jnp.asarray(np.pad(rates, (0, missing))),
            jnp.asarray(np.arange(self.chunk_steps) < count),
        )
        # A concrete value again; inside the compiled loop the rate was a tracer.
        self._scanned_rate.value = float(rates[-1])
        guards["step"] = step + count
        losses, applied = np.asarray(chunk.losses)[:count], np.asarray(chunk.applied)[:count]
        if applied.sum() < count:
            self.monitor.say(f"{count - int(applied.sum())} of {count} steps were not applied")
        if self._is_good(losses, applied):
            self._good = copied(carry)
            self._remember(carry)
            return carry, _figures(chunk)
        return self._roll_back(seconds), {}

    def _is_good(self, losses: NDArray[np.float32], applied: NDArray[np.bool_]) -> bool:
        """Whether most steps were applied and their loss is not far above the mean so far."""
        guards = self.progress.guards
        if 2 * applied.sum() < len(applied):
            return False
        loss, mean = float(losses[applied].mean()), guards.get("loss")
        if mean is not None and loss > MAX_LOSS_RATIO * mean:
            return False
        guards["loss"] = loss if mean is None else _LOSS_DECAY * mean + (1 - _LOSS_DECAY) * loss
        return True

    def _remember(self, carry: Carry) -> None:
        guards = self.progress.guards
        guards["norm"], guards["applied"] = float(carry.norm), int(carry.applied)

    def _roll_back(self, seconds: float) -> Carry:
        """The last good carry; the rate is halved, and after three times decays at once.

        Raises:
            Diverged: The training diverged again during the decay.
        """
        guards, rate = self.progress.guards, self.rate
        guards["rollbacks"] = guards.get("rollbacks", 0) + 1
        step = int(guards["step"])
        if guards["rollbacks"] > 2 * MAX_ROLLBACKS or self._good is None:
            raise Diverged("The training diverged again and again; lower the learning rate.")
        rate.back_off(step)
        if guards["rollbacks"] >= MAX_ROLLBACKS:
            rate.decay_now(step, seconds)
        guards |= rate.remembered()
        self.monitor.say(
            f"a chunk diverged: back to the last good weights at {rate.factor:g} of the rate"
        )
        return copied(self._good)


def _figures(chunk: Chunk) -> dict[str, float]:
    return {name: float(value) for name, value in chunk.logs.items()}
