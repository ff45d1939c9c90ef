"""How long each codec has been measured, so that slow codecs do not take the whole benchmark."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.timing.table import Start, Timing

Size = tuple[int, int]


@dataclass
class TimeShares:
    """Measured seconds by codec, cores, start and size; a run that goes on begins anew.

    Attributes:
        share: Seconds after which a codec is not measured again at a size.
        longest: Seconds that encoding or decoding may be expected to take.
    """

    share: float
    longest: float
    _spent: defaultdict[tuple[str, int, Start, Size], float] = field(
        default_factory=lambda: defaultdict(float)
    )
    _slowest: dict[tuple[str, int], tuple[Size, float]] = field(default_factory=dict)

    def is_used_up(self, codec: str, cores: int, start: Start, size: Size) -> bool:
        """Whether the codec had its share."""
        return self._spent[codec, cores, start, size] >= self.share

    def refusal(self, codec: str, cores: int, size: Size) -> str | None:
        """Why the codec is not measured at a size: it would take too long; None where it is."""
        smaller, seconds = self._slowest.get((codec, cores), (size, 0.0))
        expected = seconds * _pixels(size) / _pixels(smaller)
        if expected <= self.longest:
            return None
        width, height = smaller
        return (
            f"It would take about {expected:.0f} seconds, by its {seconds:.2g} seconds at "
            f"{width}x{height}; {self.longest:.0f} are the most that is measured."
        )

    def add(self, timings: Sequence[Timing]) -> None:
        """Counts measurements."""
        for timing in timings:
            if timing.seconds is None or timing.width is None or timing.height is None:
                continue
            size, seconds = (timing.width, timing.height), timing.seconds
            self._spent[timing.method, timing.threads, timing.start, size] += seconds
            key = timing.method, timing.threads
            largest, slowest = self._slowest.get(key, (size, 0.0))
            if _pixels(size) > _pixels(largest):
                slowest = 0.0
            if _pixels(size) >= _pixels(largest):
                self._slowest[key] = size, max(slowest, seconds)


def _pixels(size: Size) -> int:
    return size[0] * size[1]
