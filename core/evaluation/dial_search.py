"""The dial position of a codec that comes closest to a wanted size or quality."""

import math
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from core.codecs import Codec
from core.codecs.base import OperatingPoint, draft_of
from core.evaluation.crossing_search import has_close, is_close, search_crossing
from core.evaluation.evaluate import timed
from core.images import Image
from core.metrics.base import Metric
from core.store import ArtifactStore

Bound = Literal["nearest", "at_most", "at_least"]

#: Share of a size that the end of a dial may be away from it: steps of a dial are as wide.
END_TOLERANCE = 0.02


@dataclass(frozen=True)
class SearchEnd:
    """Where an earlier search by size ended on the same image.

    Attributes:
        position: Position of the dial.
        target_bytes: Size that was wanted.
        file_bytes: Size that was found.
    """

    position: float
    target_bytes: int
    file_bytes: int

    def is_nearest(self, target_bytes: int, file_bytes: int) -> bool:
        """Whether no other position comes closer, where this one gives a file of `file_bytes`.

        True where the earlier search had the same target and its encoder gave the same size, and
        where the size is within a percent, for then a search ends as well.
        """
        is_the_same = (self.target_bytes, self.file_bytes) == (target_bytes, file_bytes)
        return is_the_same or is_close(file_bytes, target_bytes)


@dataclass(frozen=True)
class Match:
    """What a search found.

    Attributes:
        point: Operating point at the dial position found.
        data: Its file.
        decoded: The image in that file.
        achieved: Bytes or metric of that file.
        target: Bytes or metric that was wanted.
        error_fraction: (achieved - target) / |target|: 0.02 is 2 % too much. For a target of 0 the
            difference itself.
        reachable: Whether the target lies between two values that the dial gave, or is a size to
            which, in a search for the nearest, the end of the dial comes as close as
            `END_TOLERANCE`.
        encodes: Dial positions that the search looked at.
        encode_seconds: Time of encoding that file; None where it was known before the search.
        decode_seconds: Time of decoding it.
    """

    point: OperatingPoint
    data: bytes
    decoded: Image
    achieved: float
    target: float
    error_fraction: float
    reachable: bool
    encodes: int
    encode_seconds: float | None
    decode_seconds: float


def match_bytes(
    codec: Codec,
    image: Image,
    target_bytes: int,
    *,
    bound: Bound = "nearest",
    store: ArtifactStore | None = None,
    files: MutableMapping[float, bytes] | None = None,
    start: SearchEnd | None = None,
) -> Match:
    """File of the codec whose size comes closest to `target_bytes`.

    Where an operating point has a draft, a faster one whose files are about as large, the drafts
    say where to look, and a file within a percent of the size ends a search for the nearest.

    Args:
        codec: Codec with a dial.
        image: Image to encode.
        target_bytes: Wanted size of the whole file, at least 1.
        bound: `nearest` takes the closest size, `at_most` the largest one up to the target.
        store: Where a learned codec finds its weights.
        files: Known files of this codec and image by dial value; the search adds its own.
        start: Where an earlier search ended; looked at first, and alone if it is the nearest.
            Where there are drafts, only the end of a search for the same size is looked at.

    Raises:
        ValueError: The codec has no dial, or the target is not positive.
        CodecError: The codec cannot hold the image.
    """
    if target_bytes < 1:
        raise ValueError(f"The wanted size must be at least 1 byte; received {target_bytes}.")
    turns = _Turns(codec, image, store, files)
    known = turns.known_sizes()
    if start is not None and (start.target_bytes == target_bytes or not turns.has_drafts):
        first = turns.index(start.position)
        known[first] = len(turns.file(first))
        if bound == "nearest" and start.is_nearest(target_bytes, len(turns.file(first))):
            return turns.match({first: known[first]}, target_bytes, bound, reachable=True)
    sizes, is_reached = _sizes_around(turns, known, target_bytes, nearest=bound == "nearest")
    return turns.match(sizes, target_bytes, bound, reachable=is_reached)


def match_metric(
    codec: Codec,
    image: Image,
    metric: Metric,
    target: float,
    *,
    bound: Bound = "nearest",
    store: ArtifactStore | None = None,
    files: MutableMapping[float, bytes] | None = None,
) -> Match:
    """File of the codec whose decoded image comes closest to `target` by the metric.

    Args:
        codec: Codec with a dial.
        image: Image to encode, the metric's reference.
        metric: Module of `core.metrics`.
        target: Wanted value, in the metric's unit.
        bound: `nearest` takes the closest value on either side, `at_least` the smallest that is
            not below the target, `at_most` the largest that is not above it.
        store: Where a learned codec finds its weights.
        files: As for `match_bytes`.

    Raises:
        ValueError: The codec has no dial.
        CodecError: The codec cannot hold the image.
    """
    turns = _Turns(codec, image, store, files)

    def measured(index: int) -> float:
        return metric.measure(image, turns.decoded(index))

    values = search_crossing(turns.count, measured, target, rising=metric.HIGHER_IS_BETTER)
    return turns.match(values, target, bound)


class _Turns:
    """One image at the positions of one dial, each encoded and decoded at most once."""

    def __init__(
        self,
        codec: Codec,
        image: Image,
        store: ArtifactStore | None,
        files: MutableMapping[float, bytes] | None,
    ) -> None:
        if codec.dial is None or codec.at is None:
            raise ValueError(f"{codec.label} has no dial, so its files have one size only.")
        self._at = codec.at
        self._positions = [float(value) for value in codec.dial.positions()]
        self._image = image
        self._store = store
        self._files = {} if files is None else files
        self._drafts: dict[int, int] = {}
        self._decoded: dict[int, Image] = {}
        self._encode_seconds: dict[int, float] = {}
        self._decode_seconds: dict[int, float] = {}

    @property
    def count(self) -> int:
        return len(self._positions)

    def index(self, position: float) -> int:
        """Index of the position that lies closest."""
        distances = [abs(position - known) for known in self._positions]
        return distances.index(min(distances))

    def known_sizes(self) -> dict[int, float]:
        """Size by index of the files that are known already."""
        indices = {position: index for index, position in enumerate(self._positions)}
        return {
            indices[position]: len(data)
            for position, data in self._files.items()
            if position in indices
        }

    def point(self, index: int) -> OperatingPoint:
        return self._at(self._positions[index], self._store)

    def file(self, index: int) -> bytes:
        position = self._positions[index]
        if position not in self._files:
            point = self.point(index)
            self._files[position], self._encode_seconds[index] = timed(point.encode, self._image)
        return self._files[position]

    def size(self, index: int) -> int:
        return len(self.file(index))

    @property
    def has_drafts(self) -> bool:
        return draft_of(self.point(0)) is not None

    def draft_size(self, index: int) -> int:
        if index not in self._drafts:
            point = self.point(index)
            self._drafts[index] = len((draft_of(point) or point).encode(self._image))
        return self._drafts[index]

    def decoded(self, index: int) -> Image:
        if index not in self._decoded:
            point, data = self.point(index), self.file(index)
            self._decoded[index], self._decode_seconds[index] = timed(point.decode, data)
        return self._decoded[index]

    def match(
        self, values: dict[int, float], target: float, bound: Bound, *, reachable: bool = False
    ) -> Match:
        chosen = _choose(values, target, bound)
        achieved, decoded = values[chosen], self.decoded(chosen)
        return Match(
            point=self.point(chosen),
            data=self.file(chosen),
            decoded=decoded,
            achieved=achieved,
            target=target,
            error_fraction=(achieved - target) / abs(target) if target else achieved - target,
            reachable=reachable or min(values.values()) <= target <= max(values.values()),
            encodes=len(values),
            encode_seconds=self._encode_seconds.get(chosen),
            decode_seconds=self._decode_seconds[chosen],
        )


def _sizes_around(
    turns: _Turns, known: Mapping[int, float], target: int, *, nearest: bool
) -> tuple[dict[int, float], bool]:
    """Sizes around the crossing, and whether a close one says that the target can be reached.

    Args:
        turns: The dial.
        known: Size by index, where some are known.
        target: Wanted size.
        nearest: Whether a close size will do: it ends the search where there are drafts.
    """
    search = partial(search_crossing, turns.count, turns.size, target, scale=math.log, known=known)
    has_drafts = turns.has_drafts
    sizes = search(draft_at=turns.draft_size, ends_when_close=nearest) if has_drafts else search()
    off = min(abs(size - target) for size in sizes.values())
    is_near = nearest and off <= END_TOLERANCE * target
    return sizes, is_near or (has_drafts and has_close(sizes, turns.count, target))


def _choose(values: dict[int, float], target: float, bound: Bound) -> int:
    """Index of the closest value that keeps the bound; of the closest of all where none does."""
    kept = [
        index
        for index, value in values.items()
        if bound == "nearest" or (value <= target if bound == "at_most" else value >= target)
    ]
    return min(kept or values, key=lambda index: (abs(values[index] - target), index))
