"""The benchmark's measurements, in pieces of some minutes.

Each piece measures every codec once, so that other load on the machine affects all of them equally.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from core.codecs import codecs, get_codec
from core.codecs.base import OperatingPoint
from core.jobs.process_limits import available_cores
from core.store import ArtifactError, ArtifactStore
from core.timing.images import benchmark_image
from core.timing.table import Start, Timing
from pipelines.benchmark.process import MeasuringProcess, Processes
from pipelines.benchmark.time_shares import TimeShares
from pipelines.benchmark.worker import benchmarked_point, can_use_threads

#: Size of the test images.
SMALL = (160, 160)


@dataclass(frozen=True)
class Rounds:
    """How often each thing is measured.

    Attributes:
        warm: Rounds in processes that go on, by width and height of the image.
        cold: Rounds in fresh processes, likewise.
        evaluate: Rounds of whole evaluations.
        train: Rounds of training.
        pages: Rounds over the dashboard's pages.
        baselines: Rounds of the comparisons with baselines.
        share: Seconds after which a codec is not measured again at a size.
        longest: Seconds that encoding or decoding may be expected to take.
    """

    warm: dict[tuple[int, int], int]
    cold: dict[tuple[int, int], int]
    evaluate: int
    train: int
    pages: int
    baselines: int = 2
    share: float = 10.0
    longest: float = 60.0


FULL = Rounds(
    warm={SMALL: 31, (768, 512): 11, (4000, 3000): 3},
    cold={SMALL: 3, (768, 512): 3, (4000, 3000): 2},
    evaluate=31,
    train=7,
    pages=2,
    baselines=7,
)
QUICK = Rounds(
    warm={SMALL: 5, (768, 512): 3},
    cold={SMALL: 1, (768, 512): 1},
    evaluate=5,
    train=2,
    pages=1,
)


@dataclass(frozen=True)
class TimingBlock:
    """One piece.

    Attributes:
        name: Unique in its part; letters, digits and dashes.
        weight: Rough duration in seconds, for the progress bar.
        measure: Runs the measurement.
    """

    name: str
    weight: float
    measure: Callable[[Processes], list[Timing]]


class BenchmarkedPoints(NamedTuple):
    """One operating point of each codec.

    Attributes:
        found: Those of the codecs that can run.
        left_out: Reason by name of the codecs whose model is missing.
    """

    found: list[OperatingPoint]
    left_out: dict[str, str]


def benchmarked_points(store: ArtifactStore) -> BenchmarkedPoints:
    """Every codec that can run here, at its default setting."""
    found: list[OperatingPoint] = []
    left_out: dict[str, str] = {}
    for name, codec in codecs().items():
        try:
            found.append(benchmarked_point(codec, store))
        except ArtifactError as error:
            left_out[name] = str(error)
    return BenchmarkedPoints(found, left_out)


def codec_blocks(points: Sequence[OperatingPoint], rounds: Rounds) -> list[TimingBlock]:
    """Encoding, decoding and evaluating, one piece per round, size, number of cores and start.

    A codec that had its share of the time at a size is not measured there in further rounds.
    """
    shares = TimeShares(rounds.share, rounds.longest)
    widest = min(2, available_cores())
    parallel = [point for point in points if can_use_threads(get_codec(point.codec), point)]
    groups = [(1, list(points))] + ([(2, parallel)] if widest == 2 and parallel else [])
    blocks = []
    for repeat in range(max(*rounds.warm.values(), *rounds.cold.values(), rounds.evaluate)):
        for cores, group in groups:
            starts: list[tuple[Start, dict[tuple[int, int], int]]]
            starts = [("warm", rounds.warm), ("cold", rounds.cold)]
            for start, counts in starts:
                sizes = [size for size, count in counts.items() if repeat < count]
                blocks += [
                    _codec_block(group, start, size, cores, repeat, shares) for size in sizes
                ]
        if repeat < rounds.evaluate:
            measure = partial(_evaluations, points, repeat)
            blocks.append(TimingBlock(f"evaluate-{repeat:02d}", 0.02 * len(points), measure))
    return blocks


def training_blocks(rounds: Rounds) -> list[TimingBlock]:
    """Training, one piece per round over all models."""
    return [
        TimingBlock(f"train-{repeat:02d}", 60.0, partial(_trainings, repeat))
        for repeat in range(rounds.train)
    ]


def _codec_block(
    group: Sequence[OperatingPoint],
    start: Start,
    size: tuple[int, int],
    cores: int,
    repeat: int,
    shares: TimeShares,
) -> TimingBlock:
    width, height = size
    each = 0.02 + 2e-6 * width * height + (2.0 if start == "cold" else 0.0)
    name = f"{start}-{width}x{height}-{cores}-{repeat:02d}"

    def measure(processes: Processes) -> list[Timing]:
        timings = []
        for point in group:
            if shares.is_used_up(point.codec, cores, start, size):
                continue
            if reason := shares.refusal(point.codec, cores, size):
                found = [_timing(point, "encode", start, size, cores, repeat, {"error": reason})]
            elif start == "cold":
                found = _cold(point, size, cores, repeat, processes)
            else:
                process = processes.warm("codecs", cores=cores)
                found = list(_warm(point, size, cores, repeat, process))
            shares.add(found)
            timings += found
        return timings

    return TimingBlock(name, each * len(group), measure)


def _warm(
    point: OperatingPoint, size: tuple[int, int], cores: int, repeat: int, process: MeasuringProcess
) -> Iterator[Timing]:
    answer = process.ask(_request(point, "code", "warm", size), _image(*size)).facts
    for operation in ("encode", "decode"):
        yield _timing(point, operation, "warm", size, cores, repeat, answer)


def _cold(
    point: OperatingPoint, size: tuple[int, int], cores: int, repeat: int, processes: Processes
) -> list[Timing]:
    timings, data = [], _image(*size)
    for operation in ("encode", "decode"):
        with processes.fresh(cores=cores) as process:
            answer = process.ask(_request(point, operation, "cold", size), data)
            facts = answer.facts | {"startup_seconds": process.startup_seconds}
        timings.append(_timing(point, operation, "cold", size, cores, repeat, facts))
        if "error" in facts:
            break
        data = answer.data
    return timings


def _evaluations(
    points: Sequence[OperatingPoint], repeat: int, processes: Processes
) -> list[Timing]:
    process = processes.warm("codecs", cores=1)
    return [
        _timing(
            point,
            "evaluate",
            "warm",
            SMALL,
            1,
            repeat,
            process.ask(_request(point, "evaluate", "warm", SMALL), _image(*SMALL)).facts,
        )
        for point in points
    ]


def _trainings(repeat: int, processes: Processes) -> list[Timing]:
    cores = available_cores()
    process = processes.warm("training", cores=cores)
    labels: dict[str, str] = process.ask({"operation": "models"}).facts.get("models", {})
    timings = []
    for name, label in labels.items():
        request = {"method": name, "operation": "train", "start": "warm"}
        facts = process.ask(request).facts
        timings.append(
            Timing(
                method=name,
                label=label,
                kind="model",
                operation="train",
                start="warm",
                threads=cores,
                repeat=repeat,
                width=SMALL[0],
                height=SMALL[1],
                seconds=facts.get("train"),
                error=facts.get("error"),
            )
        )
    return timings


def _request(
    point: OperatingPoint, operation: str, start: Start, size: tuple[int, int]
) -> dict[str, str | int]:
    width, height = size
    request: dict[str, str | int] = {"method": point.codec, "operation": operation}
    return request | {"start": start, "width": width, "height": height}


def _timing(
    point: OperatingPoint,
    operation: str,
    start: Start,
    size: tuple[int, int],
    cores: int,
    repeat: int,
    facts: dict[str, Any],
) -> Timing:
    memory, codec = facts if start == "cold" else {}, get_codec(point.codec)
    return Timing(
        method=codec.name,
        label=codec.label,
        kind=codec.kind,
        setting=point.setting,
        width=size[0],
        height=size[1],
        threads=cores,
        start=start,
        operation=operation,
        repeat=repeat,
        seconds=facts.get(operation),
        startup_seconds=facts.get("startup_seconds"),
        file_bytes=facts.get("file_bytes"),
        baseline_bytes=memory.get("baseline_bytes"),
        peak_bytes=memory.get("peak_bytes"),
        error=facts.get("error"),
    )


@lru_cache(maxsize=4)
def _image(width: int, height: int) -> bytes:
    return benchmark_image(width, height).tobytes()
