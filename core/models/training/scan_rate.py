"""Learning rates of the scan engine, a chunk of steps at a time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

#: Share of the time limit after which the rate decays.
DECAY_FROM = 0.72

#: Warm-up steps at the start and after each rollback.
WARM_UP_STEPS = 500

_OF_ROLLBACKS = ("rollbacks", "factor", "decay_from", "warm_from")


@dataclass
class PlanClock:
    """Time that a plan has taken, whatever took it.

    Attributes:
        spent: Seconds before this run.
        end_seconds: Seconds that the last end of an epoch took, validation included. The first
            one compiles, so it tells little of the others.
    """

    spent: float = 0.0
    end_seconds: float = 0.0
    _started: float = field(default_factory=time.monotonic)

    def seconds(self, *, ends: int = 1) -> float:
        """Seconds until an epoch that ends now is validated.

        Args:
            ends: So many ends of epochs.
        """
        return self.spent + time.monotonic() - self._started + ends * self.end_seconds


def kept_low(guards: Mapping[str, float], earlier: Mapping[str, float]) -> dict[str, float]:
    """What of a rate lowered by rollbacks is kept by a training that goes back; it warms up again.

    Args:
        guards: Before it goes back.
        earlier: Where it goes back to.
    """
    if guards.get("rollbacks", 0) <= earlier.get("rollbacks", 0):
        return {}
    kept = {name: guards[name] for name in _OF_ROLLBACKS if name in guards}
    return kept | {"warm_from": float(earlier.get("step", 0))}


def without_rollbacks(guards: Mapping[str, float]) -> dict[str, float]:
    """The guards of a training that begins anew to count rollbacks, and to lower its rate."""
    return {name: value for name, value in guards.items() if name not in _OF_ROLLBACKS}


@dataclass
class ScanRate:
    """Learning rates by elapsed time or by the model's own schedule, halved by each rollback.

    With a time limit the rate warms up, stays constant, and decays linearly to zero at the limit.
    It is computed anew for each chunk, so a slow machine does fewer steps and still completes the
    decay.

    Attributes:
        schedule: Rates by step numbers; used without a time limit.
        steps: Total number of steps; used without a time limit.
        minutes: Time limit of the whole training in minutes; None for no limit.
        highest: Rate between the warm-up and the decay, with a time limit.
        warm_up_steps: Length of the warm-up.
        factor: Factor on the rate; halved by each rollback.
        warm_from: Step at which the current warm-up began; None when there is none.
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

    def recall(self, guards: Mapping[str, float]) -> None:
        """Takes what `guards` remembers of a training that goes on."""
        self.factor = guards.get("factor", self.factor)
        self.decay_from = guards.get("decay_from", self.decay_from)
        if "warm_from" in guards:
            self.warm_from = int(guards["warm_from"])

    def remembered(self) -> dict[str, float]:
        """What rollbacks changed, as a checkpoint keeps it."""
        warm_from = {} if self.warm_from is None else {"warm_from": float(self.warm_from)}
        return {"factor": self.factor, "decay_from": self.decay_from, **warm_from}

    def rates(self, first: int, count: int, *, seconds: float) -> NDArray[np.float32]:
        """Learning rates of the next steps.

        Args:
            first: Number of the first step.
            count: Number of steps.
            seconds: Training time so far.
        """
        numbers = np.arange(first, first + count)
        planned = self.schedule(numbers) if self.minutes is None else self.highest
        rates = self.factor * self._falling(self.share(first, seconds)) * planned
        if self.warm_from is not None:
            since = np.maximum(numbers - self.warm_from, 0)
            rates = rates * np.minimum((since + 1.0) / self.warm_up_steps, 1.0)
        return np.broadcast_to(rates, (count,)).astype(np.float32)

    def share(self, step: int, seconds: float) -> float:
        """Share of the training that is done, 0..1."""
        if self.minutes is None:
            return step / max(self.steps, 1)
        return seconds / (60.0 * self.minutes)

    def is_over(self, seconds: float) -> bool:
        """Whether the time limit is reached."""
        return self.minutes is not None and self.share(0, seconds) >= 1.0

    def back_off(self, step: int) -> None:
        """Halves the rate and warms up again."""
        self.factor /= 2.0
        self.warm_from = step

    def decay_now(self, step: int, seconds: float) -> None:
        """Begins the decay unless it has begun."""
        self.decay_from = min(self.decay_from, self.share(step, seconds))

    def _falling(self, share: float) -> float:
        if self.decay_from >= 1.0:
            return 1.0
        return float(np.clip((1.0 - share) / (1.0 - self.decay_from), 0.0, 1.0))
