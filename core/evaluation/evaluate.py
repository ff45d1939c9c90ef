"""Measures a codec on an image, and reads what was measured: here alone bits and time count."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from core.codecs import Reference
from core.codecs.base import OperatingPoint
from core.evaluation.record import Record
from core.evaluation.table import concatenate, from_parquet, to_frame
from core.images import Image
from core.metrics.base import Metric
from core.store import Artifact, ArtifactError, ArtifactStore, Manifest
from core.store.key import last_part

__all__ = [
    "Record",
    "Results",
    "Timed",
    "evaluate",
    "evaluate_reference",
    "in_one_line",
    "load_results",
    "result_datasets",
    "result_key",
    "timed",
]

_LONGEST_ERROR = 300

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Results:
    """What was measured on a data set.

    Attributes:
        frame: Rows of all codecs that could be read, typed as `core.evaluation.table.to_frame`
            says.
        problems: One error for each codec whose results are missing or damaged.
        manifests: Manifest by codec, of those that could be read.
    """

    frame: pd.DataFrame
    problems: tuple[ArtifactError, ...]
    manifests: dict[str, Manifest]


class Timed(NamedTuple, Generic[_Answer]):
    """What a call gave back.

    Attributes:
        answer: Its answer.
        seconds: Time on the wall that it took.
    """

    answer: _Answer
    seconds: float


class _Coded(NamedTuple):
    data: bytes
    decoded: Image
    encode_seconds: float
    decode_seconds: float


def evaluate(
    point: OperatingPoint,
    image: Image,
    *,
    image_id: str,
    metrics: Mapping[str, Metric],
) -> Record:
    """Size, metrics and times of a codec on an image; a codec that fails gives its error.

    The rate is 8 x the whole file / pixels. Time is taken around `encode` and `decode` alone. The
    decoded image comes from the bytes alone; another shape or type than the image's is an
    error. A metric that is not defined for the image (it raises ValueError) is None.

    Args:
        point: The operating point.
        image: Image, uint8 RGB.
        image_id: Name of the image in the record.
        metrics: Metrics to measure, by name.
    """
    height, width = image.shape[:2]
    record = Record(image_id, point.codec, point.setting, point.dial, width, height)
    try:
        coded = _code(point, image)
    except Exception as error:  # whatever a codec raises becomes its row; the run goes on
        return replace(record, error=in_one_line(error))
    values, metric_seconds = timed(_measure, image, coded.decoded, metrics)
    return replace(
        record,
        bytes=len(coded.data),
        bits_per_pixel=8.0 * len(coded.data) / (width * height),
        metrics=values,
        lossless=np.array_equal(image, coded.decoded),
        encode_seconds=coded.encode_seconds,
        decode_seconds=coded.decode_seconds,
        metric_seconds=metric_seconds,
    )


def evaluate_reference(
    reference: Reference, image: Image, *, image_id: str, metrics: Mapping[str, Metric]
) -> Record:
    """Metrics of a reconstruction that has no bytes: neither a rate nor times are known.

    Args:
        reference: What gives the image back; its failure becomes the record's error.
        image: Image, uint8 RGB.
        image_id: Name of the image in the record.
        metrics: Metrics to measure, by name.
    """
    height, width = image.shape[:2]
    record = Record(image_id, reference.codec, reference.setting, None, width, height)
    try:
        decoded = _check(reference.reconstruct(image), image)
    except Exception as error:  # as for a codec
        return replace(record, error=in_one_line(error))
    values, metric_seconds = timed(_measure, image, decoded, metrics)
    lossless = np.array_equal(image, decoded)
    return replace(record, metrics=values, lossless=lossless, metric_seconds=metric_seconds)


def timed(
    function: Callable[_Arguments, _Answer],
    *arguments: _Arguments.args,
    **named: _Arguments.kwargs,
) -> Timed[_Answer]:
    """Answer of a call, and how long it took by the clock on the wall."""
    start = time.perf_counter()
    answer = function(*arguments, **named)
    return Timed(answer, time.perf_counter() - start)


def load_results(store: ArtifactStore, dataset: str) -> Results:
    """Verified results of every codec on a data set; one damaged file does not hide the rest."""
    tables: list[pa.Table] = []
    problems: list[ArtifactError] = []
    manifests: dict[str, Manifest] = {}
    for key in store.keys(result_key(dataset, "")):
        try:
            table, manifest = store.load(key, _read_results)
            tables.append(table)
            manifests[last_part(key)] = manifest
        except ArtifactError as error:
            problems.append(error)
    return Results(to_frame(concatenate(tables)), tuple(problems), manifests)


def _read_results(artifact: Artifact) -> tuple[pa.Table, Manifest]:
    name = artifact.file("parquet")
    table = artifact.parsed(name, from_parquet, reason="is not a table of results")
    return table, artifact.manifest


def result_datasets(store: ArtifactStore) -> list[str]:
    """Names of the data sets that have results, in alphabetical order."""
    return sorted({key.split("/")[1] for key in store.keys("results/")})


def result_key(dataset: str, codec: str) -> str:
    """Key of a codec's results on a data set; its file is called `<codec>.parquet`."""
    return f"results/{dataset}/{codec}"


def in_one_line(error: Exception) -> str:
    """Type and message of an error, on one line of at most 300 characters."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_ERROR]


def _code(point: OperatingPoint, image: Image) -> _Coded:
    data, encode_seconds = timed(point.encode, image)
    if not isinstance(data, bytes):
        raise TypeError(f"A codec must encode to bytes; received {type(data).__name__}.")
    decoded, decode_seconds = timed(point.decode, data)
    return _Coded(data, _check(decoded, image), encode_seconds, decode_seconds)


def _check(decoded: Image, image: Image) -> Image:
    if decoded.shape != image.shape or decoded.dtype != np.uint8:
        raise ValueError(
            f"The decoded image must be uint8 {image.shape}; received {decoded.dtype} "
            f"{decoded.shape}."
        )
    return decoded


def _measure(
    reference: Image, image: Image, metrics: Mapping[str, Metric]
) -> dict[str, float | None]:
    return {name: _value(metric, reference, image) for name, metric in metrics.items()}


def _value(metric: Metric, reference: Image, image: Image) -> float | None:
    try:
        return metric.measure(reference, image)
    except ValueError:
        return None
