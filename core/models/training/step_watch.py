"""The callback through which the training loop sees each step of Keras' `fit` and `evaluate`."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras

#: Called with the seconds since the call began, the finished steps of the epoch, and a function
#: that returns the means of the metrics over them.
OnStep = Callable[[float, int, Callable[[], dict[str, float]]], None]


def joint_means(
    before: Mapping[str, float], after: Mapping[str, Any], *, share: float
) -> dict[str, float]:
    """Means of metrics over two parts of an epoch.

    Args:
        before: Their means over the first part; anything where it is empty.
        after: Those over the second.
        share: Share of the second part, in 0 to 1.
    """
    return {
        name: (1.0 - share) * before.get(name, 0.0) + share * float(value)
        for name, value in after.items()
    }


class StepWatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports each step, and ends a validation when a stop was requested.

    Args:
        batch: Images per step.
        images: Images of an epoch.
        steps_before: Steps of the epoch that an earlier run did.
        figures_before: Means of the metrics over those.
        on_step: Called after each step; may raise to end the training.
        should_stop: Whether a stop was requested.
    """

    def __init__(
        self,
        *,
        batch: int,
        images: int,
        steps_before: int,
        figures_before: dict[str, float],
        on_step: OnStep,
        should_stop: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._batch = batch
        self._images = images
        self._steps_before = steps_before
        self._figures_before = figures_before
        self._on_step = on_step
        self._should_stop = should_stop
        self._done = 0
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the call of `fit` or `evaluate`."""
        return time.monotonic() - self._started

    @property
    def steps(self) -> int:
        """Steps of the epoch that are done, those of an earlier run included."""
        return self._steps_before + self._done

    def mean(self, figures: dict[str, Any]) -> dict[str, float]:
        """Means over the whole epoch, combining this run's with those of the earlier run."""
        before = self._steps_before * self._batch
        done = min(self.steps * self._batch, self._images)
        return joint_means(self._figures_before, figures, share=(done - before) / done)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Reports the step."""
        self._done = batch + 1
        figures = partial(self.mean, logs or {})
        self._on_step(self.seconds, self.steps, figures)

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Ends the validation if a stop was requested; the training then stops."""
        if self._should_stop():
            self.model.stop_evaluating = True
