"""Learning rates of the scan engine, a chunk of steps at a time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Share of the time after which the rate falls, where the clock decides.
DECAY_FROM = 0.72

#: Steps over which the rate rises, at the start and after each rollback.
WARM_UP_STEPS = 500


@dataclass
class ScanRate:
    """Rates by the clock or by the model's own schedule, and lower ones after a rollback.

    By the clock the rate rises over some steps, is constant, and falls linearly to zero at the
    end of the time. It is computed anew for each chunk, so a slow machine does fewer steps and
    still ends its decay.

    Attributes:
        schedule: Rates of some steps by their numbers, where no clock decides.
        steps: All steps that are planned, likewise.
        minutes: Minutes that the whole training may take; None where no clock decides.
        highest: Rate by the clock between the warm-up and the decay.
        warm_up_steps: Steps over which it rises.
        factor: What the rate is multiplied by; halved by each rollback.
        warm_from: Step at which the warm-up under way began; None when there is none.
        decay_from: Share of the training after which the rate falls to zero.
    """

    schedule: Callable[[NDArray[np.int64]], NDArray[np.float32]]
    steps: int
    minutes: float | None = None
    highest: float = 0.0
    warm_up_steps: int = WARM_UP_STEPS
    factor: float = 1.0
    warm_from: int | None = None
    decay_from: float = 1.0

    def __post_init__(self) -> None:
        if self.minutes is not None:
            if not self.minutes > 0:
                raise ValueError(f"minutes must be positive; received {self.minutes}.")
            self.warm_from, self.decay_from = 0, DECAY_FROM

    def rates(self, first: int, count: int, *, seconds: float) -> NDArray[np.float32]:
        """Learning rates of the next steps.

        Args:
            first: Number of the first of them.
            count: How many there are.
            seconds: Time that the training has taken so far.
        """
        numbers = np.arange(first, first + count)
        planned = self.schedule(numbers) if self.minutes is None else self.highest
        rates = self.factor * self._falling(self.share(first, seconds)) * planned
        if self.warm_from is not None:
            since = np.maximum(numbers - self.warm_from, 0)
            rates = rates * np.minimum((since + 1.0) / self.warm_up_steps, 1.0)
        return np.broadcast_to(rates, (count,)).astype(np.float32)

    def share(self, step: int, seconds: float) -> float:
        """Share of the training that is over."""
        if self.minutes is None:
            return step / max(self.steps, 1)
        return seconds / (60.0 * self.minutes)

    def is_over(self, seconds: float) -> bool:
        """Whether there is a clock and its time is up."""
        return self.minutes is not None and self.share(0, seconds) >= 1.0

    def back_off(self, step: int) -> None:
        """Halves the rate and warms up again."""
        self.factor /= 2.0
        self.warm_from = step

    def decay_now(self, step: int, seconds: float) -> None:
        """Begins the decay, if it has not begun."""
        self.decay_from = min(self.decay_from, self.share(step, seconds))

    def _falling(self, share: float) -> float:
        if self.decay_from >= 1.0:
            return 1.0
        return float(np.clip((1.0 - share) / (1.0 - self.decay_from), 0.0, 1.0))
