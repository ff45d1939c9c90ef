"""One image through several codecs: each at its own setting, or all at equal size or quality."""

import math
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from core.codecs import Codec, codecs, find_codec, get_codec
from core.codecs.base import OperatingPoint
from core.evaluation.dial_search import Match, SearchEnd, match_bytes, match_metric
from core.evaluation.evaluate import Coded, Evaluation, evaluate, evaluate_coded, in_one_line
from core.evaluation.record import Record
from core.images import Image
from core.metrics import metrics
from core.metrics.base import Metric
from core.store import ArtifactError, ArtifactStore

#: The quantity of a goal that is no metric: the size of the whole file.
BYTES = "bytes"


@dataclass(frozen=True)
class CodecConfig:
    """A codec and its parameters as plain data, from which `operating_point` makes the codec.

    An `OperatingPoint` encodes and decodes, so it has read the weights of a learned codec. This is
    the request for one: a form makes it, caches use it as their key, and it is sent to other
    processes. It may leave the dial open for a search to set.

    Attributes:
        codec: Name of the codec.
        dial: Position of its dial; None for a codec without one, and where a search sets it.
        knobs: Name and value of each field of the codec's dataclass that is not at its default.
    """

    codec: str
    dial: float | None = None
    knobs: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Goal:
    """Target of a search over a codec's dial.

    Attributes:
        quantity: `bytes`, or the name of a metric.
        target: Wanted value, finite.
    """

    quantity: str
    target: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.target):
            raise ValueError(f"A target must be a finite number; received {self.target}.")
        if self.quantity != BYTES and self.quantity not in metrics():
            raise ValueError(
                f"The goal must be {BYTES} or one of {', '.join(metrics())}; "
                f"received {self.quantity!r}."
            )


@dataclass(frozen=True)
class Reached:
    """How close a search came to its goal.

    Attributes:
        target: What was wanted.
        achieved: What the codec gave.
        error_fraction: (achieved - target) / |target|: 0.02 is 2 % too much.
    """

    target: float
    achieved: float
    error_fraction: float


@dataclass(frozen=True)
class Reconstruction:
    """Result of one codec on one image.

    Attributes:
        label: Display label of the codec.
        suffix: Ending of a file of this codec, dot included.
        record: Measurements; without values where there is a problem.
        data: The whole file; None where there is a problem.
        decoded: The image in the file; None where there is a problem.
        match: Target, achieved value and relative error; None for a codec as it is set.
        problem: One sentence on why there is no image to show.
        measured_on: Machine that measured it beforehand; None for one that is made when it is
            asked for.
    """

    label: str
    suffix: str
    record: Record
    data: bytes | None = None
    decoded: Image | None = None
    match: Reached | None = None
    problem: str | None = None
    measured_on: str | None = None


def operating_point(config: CodecConfig, store: ArtifactStore) -> OperatingPoint:
    """Operating point of a configuration.

    Raises:
        ValueError: There is no such codec, dial position or knob.
        ArtifactError: The weights of a learned codec are missing or damaged.
    """
    codec = get_codec(config.codec)
    if codec.at is None or config.dial is None:
        return _turned(next(iter(codec.sweep(store))), config)
    return _turned(codec.at(config.dial, store), config)


def reconstruct(
    config: CodecConfig, image: Image, *, metrics: Mapping[str, Metric], store: ArtifactStore
) -> Reconstruction:
    """Image, file and measurements of a codec as it is set; trouble becomes its problem.

    Args:
        config: The codec.
        image: Image to encode, the metrics' reference.
        metrics: Metrics to measure, by name.
        store: Where a learned codec finds its weights.
    """
    try:
        point = operating_point(config, store)
    except (ArtifactError, ValueError) as error:
        return _failed(config, in_one_line(error))
    return _shown(config, evaluate(point, image, image_id="", metrics=metrics))


def reconstruct_at(
    goal: Goal,
    config: CodecConfig,
    image: Image,
    *,
    metrics: Mapping[str, Metric],
    store: ArtifactStore,
    files: MutableMapping[float, bytes] | None = None,
    start: SearchEnd | None = None,
) -> Reconstruction:
    """Image, file and measurements at the dial position that comes closest to the goal.

    A goal beyond the end of the dial is a problem: the closest file is not shown in its place.

    Args:
        goal: Size or quality that is wanted.
        config: The codec; its dial position does not matter, its other knobs do.
        image: Image to encode, the metrics' reference.
        metrics: Metrics to measure, by name.
        store: Where a learned codec finds its weights.
        files: Files by dial position that are known already; the search adds what it encodes.
        start: Where an earlier search by size ended.
    """
    try:
        match = _search(goal, config, image, store, files, start)
    except Exception as error:  # an error of one codec does not stop the others
        return _failed(config, in_one_line(error))
    reached = Reached(match.target, match.achieved, match.error_fraction)
    if not match.reachable:
        return replace(_failed(config, _out_of_reach(goal, match)), match=reached)
    coded = Coded(match.data, match.decoded, match.encode_seconds, match.decode_seconds)
    found = evaluate_coded(match.point, image, coded, image_id="", metrics=metrics)
    return replace(_shown(config, found), match=reached)


def goal_like(reference: Reconstruction, quantity: str) -> Goal:
    """Goal that another codec has reached already.

    Raises:
        ValueError: It has no finite value of that quantity; the message says why.
    """
    if reference.problem is not None:
        raise ValueError(f"{reference.label} gives no target: {reference.problem}")
    record = reference.record
    value = record.bytes if quantity == BYTES else record.metrics.get(quantity)
    if value is None:
        raise ValueError(f"{metrics()[quantity].LABEL} is not defined for this image.")
    if math.isinf(value):
        raise ValueError(
            f"{reference.label} restores this image exactly, which is no target for the others."
        )
    return Goal(quantity, value)


def unready_codecs(store: ArtifactStore) -> dict[str, ArtifactError]:
    """Error by name of the learned codecs that have no weights in the store."""
    found = {}
    for name, codec in codecs().items():
        try:
            if codec.kind == "learned":
                codec.sweep(store)
        except ArtifactError as error:
            found[name] = error
    return found


def spelled(quantity: str, value: float) -> str:
    """A size or a quality formatted for display: `20,480 bytes`, or `PSNR (dB) 34.10`."""
    if quantity == BYTES:
        return f"{value:,.0f} bytes"
    return f"{metrics()[quantity].LABEL} {value:.2f}"


def _turned(point: OperatingPoint, config: CodecConfig) -> OperatingPoint:
    if not config.knobs:
        return point
    try:
        return replace(point, **dict(config.knobs))  # type: ignore[type-var]
    except TypeError:
        names = ", ".join(name for name, _ in config.knobs)
        raise ValueError(f"{config.codec} has no such knob; received {names}.") from None


def _search(
    goal: Goal,
    config: CodecConfig,
    image: Image,
    store: ArtifactStore,
    files: MutableMapping[float, bytes] | None,
    start: SearchEnd | None,
) -> Match:
    codec = _with_knobs(get_codec(config.codec), config)
    if goal.quantity == BYTES:
        target = round(goal.target)
        return match_bytes(codec, image, target, store=store, files=files, start=start)
    metric = metrics()[goal.quantity]
    return match_metric(codec, image, metric, goal.target, store=store, files=files)


def _with_knobs(codec: Codec, config: CodecConfig) -> Codec:
    """Codec whose dial turns the codec that has the chosen knobs."""
    if codec.at is None:
        return codec
    return replace(codec, at=partial(_at, config))


def _at(config: CodecConfig, value: float, store: ArtifactStore | None = None) -> OperatingPoint:
    return operating_point(replace(config, dial=value), store or ArtifactStore.default())


def _shown(config: CodecConfig, found: Evaluation) -> Reconstruction:
    codec = get_codec(config.codec)
    return Reconstruction(
        codec.label,
        codec.suffix,
        found.record,
        data=found.data,
        decoded=found.decoded,
        problem=found.record.error,
    )


def _failed(config: CodecConfig, problem: str) -> Reconstruction:
    known = find_codec(config.codec)
    label, suffix = (known.label, known.suffix) if known else (config.codec, ".bin")
    record = Record("", config.codec, "", config.dial, error=problem)
    return Reconstruction(label, suffix, record, problem=problem)


def _out_of_reach(goal: Goal, match: Match) -> str:
    closest = spelled(goal.quantity, match.achieved)
    return (
        f"{spelled(goal.quantity, goal.target)} cannot be reached: the closest that its dial "
        f"gives is {closest}, at {match.point.setting}."
    )
