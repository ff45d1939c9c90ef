"""A clock for the scan engine that does not depend on what else the machine does."""

from types import SimpleNamespace

from core.models.training import scan_rate, scan_training, weight_pieces
from core.models.training.loop import Training
from core.models.training.scan_rate import PlanClock


class TickingClock:
    """Goes on by a tick at each look, and by a second at the end of each epoch.

    From when it is made it is the clock of the engine in this process.
    """

    def __init__(self, tick_seconds: float = 0.05) -> None:
        self._tick, self._seconds = tick_seconds, 0.0
        for module in (scan_rate, scan_training, weight_pieces):
            module.time = SimpleNamespace(monotonic=self.now)  # type: ignore[attr-defined]
        # The default of its start is the real clock, which was looked up with the class.
        scan_training.PlanClock = lambda spent=0.0: PlanClock(  # type: ignore[assignment,misc]
            spent, _started=self.now()
        )
        self._validate = Training.validate_epoch
        Training.validate_epoch = (  # type: ignore[method-assign]
            lambda training, figures: self._end(training, figures)
        )

    def now(self) -> float:
        """Seconds."""
        self._seconds += self._tick
        return self._seconds

    def _end(self, training: Training, figures: dict[str, float]) -> None:
        self._seconds += 1.0
        self._validate(training, figures)
