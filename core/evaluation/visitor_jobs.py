"""Jobs that a worker process runs for a visitor: functions with picklable arguments."""

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.codecs import get_codec, is_external
from core.codecs.base import OperatingPoint, draft_of
from core.codecs.external.command_line import CommandLineCodec
from core.codecs.recognition import recognise
from core.errors import CodecError
from core.evaluation.comparison import (
    BYTES,
    CodecConfig,
    Goal,
    Reconstruction,
    operating_point,
    reconstruct,
    reconstruct_at,
)
from core.evaluation.dial_search import SearchEnd
from core.images import Image
from core.intake.errors import ImageError
from core.jobs.errors import JobError
from core.metrics import metrics
from core.store import ArtifactError, ArtifactStore

if sys.platform != "win32":
    import resource

#: Side of the square in the middle of an image that is coded to estimate the time for the whole.
PILOT_SIDE = 128
#: Side of the square whose time is what an external codec takes to start.
_START_SIDE = 16
#: Positions beside the crossing that a search looks at after its bisection.
_FURTHER_POSITIONS = 2
#: Positions that a search by size looks at where drafts say where to look.
_DRAFTED_POSITIONS = 5


@dataclass(frozen=True)
class ReconstructionRequest:
    """One codec on one image, as a visitor asks for it.

    Attributes:
        config: The codec and its knobs.
        goal: Target size or quality of a search over its dial; None to keep the dial.
        metric_names: Metrics to measure.
        store_root: Folder of the store in which a learned codec finds its weights.
        start: Where an earlier search by size ended.
    """

    config: CodecConfig
    goal: Goal | None
    metric_names: tuple[str, ...]
    store_root: Path
    start: SearchEnd | None = None


@dataclass(frozen=True)
class ReconstructionAnswer:
    """Result of a request.

    Attributes:
        reconstruction: Image, file and measurements.
        files: Files by position of the dial that are known after it, for the next search.
    """

    reconstruction: Reconstruction
    files: dict[float, bytes]


@dataclass(frozen=True)
class OpenedFile:
    """An image out of a file that one of the codecs wrote.

    Attributes:
        label: Display label of the codec.
        pixels: The image.
    """

    label: str
    pixels: Image


def reconstruct_requested(
    request: ReconstructionRequest, image: Image, files: dict[float, bytes]
) -> ReconstructionAnswer:
    """Outcome of a request.

    Args:
        request: What is asked for.
        image: Image to encode, uint8 (H, W, 3).
        files: Files by position of the dial that earlier searches made; the search adds its own.
    """
    store = ArtifactStore(request.store_root)
    measured = {name: metrics()[name] for name in request.metric_names}
    if request.goal is None:
        found = reconstruct(request.config, image, metrics=measured, store=store)
        return ReconstructionAnswer(found, files)
    found = reconstruct_at(
        request.goal,
        request.config,
        image,
        metrics=measured,
        store=store,
        files=files,
        start=request.start,
    )
    return ReconstructionAnswer(found, files)


def estimated_seconds(request: ReconstructionRequest, middle: Image, pixel_count: int) -> float:
    """Time that coding an image will take, from coding its middle.

    The time is taken as proportional to the pixels, so the estimate needs to know nothing of
    codecs, knobs or machines. It is processor time where that can be known; starting the program
    of an external codec is no matter of pixels.

    Args:
        request: What is asked for.
        middle: The middle of the image, at most `PILOT_SIDE` pixels a side.
        pixel_count: Pixels of the whole image.
    """
    config, dial = request.config, get_codec(request.config.codec).dial
    if config.dial is None and dial is not None:
        config = CodecConfig(config.codec, dial.default, config.knobs)
    try:
        point = operating_point(config, ArtifactStore(request.store_root))
        start_seconds, clock = 0.0, _clock(config.codec, point)
        if is_external(config.codec):
            start_seconds = _coding_seconds(point, middle[:_START_SIDE, :_START_SIDE], clock)
        seconds = _coding_seconds(point, middle, clock)
    except (ArtifactError, CodecError, ValueError):
        return 0.0  # the request itself reports the error
    share = pixel_count / (middle.shape[0] * middle.shape[1])
    coding_seconds = start_seconds + share * max(0.0, seconds - start_seconds)
    return float(coding_seconds * _encodes(request, point))


def open_coded_file(data: bytes, store_root: Path) -> OpenedFile:
    """Image in a file of one of the codecs, such as a `.bnk`.

    Raises:
        JobError: No codec reads it; the text says why.
    """
    try:
        found = recognise(data, ArtifactStore(store_root))
    except ArtifactError as error:
        raise JobError(f"The file needs a model that is not here: {error}") from None
    except (CodecError, ImageError) as error:
        raise JobError(f"The file is refused: {error}") from None
    return OpenedFile(found.origin, found.image)


def measured_against(
    reference: Image, image: Image, metric_names: tuple[str, ...]
) -> dict[str, float | None]:
    """Value of each metric of an image against its original; None where it is not defined."""
    return {name: _value(name, reference, image) for name in metric_names}


def measuring_seconds(
    reference: Image, image: Image, metric_names: tuple[str, ...], pixel_count: int
) -> float:
    """Processor time that `measured_against` will take, from measuring the middle of both.

    Args:
        reference: The middle of the original.
        image: The same part of the image.
        metric_names: Metrics to measure.
        pixel_count: Pixels of the whole image.
    """
    seconds = _seconds(lambda: measured_against(reference, image, metric_names), time.process_time)
    return float(seconds * pixel_count / (image.shape[0] * image.shape[1]))


def _value(name: str, reference: Image, image: Image) -> float | None:
    try:
        return metrics()[name].measure(reference, image)
    except ValueError:  # the image is too small for it
        return None


def _clock(codec: str, point: OperatingPoint) -> Callable[[], float]:
    """What tells how long coding takes.

    Processor time does not depend on what else the machine does, as the time on the clock does:
    of a large image, an estimate by the clock is minutes too long where the machine pauses for a
    moment. That of another Python is not known here while its process goes on.
    """
    if not is_external(codec):
        return time.process_time
    is_waited_for = isinstance(point, CommandLineCodec) and sys.platform != "win32"
    return _processor_seconds if is_waited_for else time.perf_counter


def _processor_seconds() -> float:
    """Processor time of this process and of the programs that it has run."""
    if sys.platform == "win32":
        raise AssertionError("Windows does not tell what programs have used.")
    programs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + programs.ru_utime + programs.ru_stime


def _coding_seconds(point: OperatingPoint, image: Image, clock: Callable[[], float]) -> float:
    return _seconds(lambda: point.decode(point.encode(image)), clock)


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Time of some work. The first run may load a model or a library; the faster of two counts."""
    times = []
    for _ in range(2):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def _encodes(request: ReconstructionRequest, point: OperatingPoint) -> int:
    """How many files a request takes, about the most."""
    dial = get_codec(request.config.codec).dial
    if request.goal is None or dial is None:
        return 1
    if request.goal.quantity == BYTES and draft_of(point) is not None:
        return _DRAFTED_POSITIONS
    return math.ceil(math.log2(len(dial.positions()) + 1)) + _FURTHER_POSITIONS
