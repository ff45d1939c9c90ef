"""Measures a codec on an image: the only place that counts bits and takes times."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Generic, NamedTuple, ParamSpec, TypeVar

import numpy as np

from core.codecs import Reference
from core.codecs.base import OperatingPoint
from core.evaluation.record import Record
from core.images import Image
from core.metrics.base import Metric

_LONGEST_ERROR = 300

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


class Timed(NamedTuple, Generic[_Answer]):
    """What a call gave back.

    Attributes:
        answer: Its answer.
        seconds: Time on the wall that it took.
    """

    answer: _Answer
    seconds: float


class Coded(NamedTuple):
    """A file of a codec and the image in it.

    Attributes:
        data: The whole file.
        decoded: The image that its bytes alone give.
        encode_seconds: Time of `encode` alone; None where it was not taken.
        decode_seconds: Time of `decode` alone; None where it was not taken.
    """

    data: bytes
    decoded: Image
    encode_seconds: float | None = None
    decode_seconds: float | None = None


class Evaluation(NamedTuple):
    """A codec measured on an image.

    Attributes:
        record: The measurements, or the error.
        data: The whole file; None where there is an error.
        decoded: The image in the file; None where there is an error.
    """

    record: Record
    data: bytes | None = None
    decoded: Image | None = None


def evaluate(
    point: OperatingPoint,
    image: Image,
    *,
    image_id: str,
    metrics: Mapping[str, Metric],
) -> Evaluation:
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
    try:
        coded = _code(point, image)
    except Exception as error:  # any error is recorded in the row of its image
        return Evaluation(replace(_blank(point, image, image_id), error=in_one_line(error)))
    return evaluate_coded(point, image, coded, image_id=image_id, metrics=metrics)


def evaluate_coded(
    point: OperatingPoint,
    image: Image,
    coded: Coded,
    *,
    image_id: str,
    metrics: Mapping[str, Metric],
) -> Evaluation:
    """Size and metrics of a file that exists already, such as one that a search has found.

    Args:
        point: The operating point that wrote the file.
        image: Image, uint8 RGB.
        coded: The file and the image in it.
        image_id: Name of the image in the record.
        metrics: Metrics to measure, by name.
    """
    values, metric_seconds = timed(_measure, image, coded.decoded, metrics)
    record = replace(
        _blank(point, image, image_id),
        bytes=len(coded.data),
        bits_per_pixel=8.0 * len(coded.data) / (image.shape[0] * image.shape[1]),
        metrics=values,
        lossless=np.array_equal(image, coded.decoded),
        encode_seconds=coded.encode_seconds,
        decode_seconds=coded.decode_seconds,
        metric_seconds=metric_seconds,
    )
    return Evaluation(record, coded.data, coded.decoded)


def evaluate_reference(
    reference: Reference, image: Image, *, image_id: str, metrics: Mapping[str, Metric]
) -> Evaluation:
    """Metrics of a reconstruction that has no bytes: neither a rate nor times are known.

    Args:
        reference: What gives the image back; its failure becomes the record's error.
        image: Image, uint8 RGB.
        image_id: Name of the image in the record.
        metrics: Metrics to measure, by name.
    """
    record = _blank(reference, image, image_id)
    try:
        decoded = _check(reference.reconstruct(image), image)
    except Exception as error:  # as for a codec
        return Evaluation(replace(record, error=in_one_line(error)))
    values, metric_seconds = timed(_measure, image, decoded, metrics)
    lossless = np.array_equal(image, decoded)
    record = replace(record, metrics=values, lossless=lossless, metric_seconds=metric_seconds)
    return Evaluation(record, None, decoded)


def timed(
    function: Callable[_Arguments, _Answer],
    *arguments: _Arguments.args,
    **named: _Arguments.kwargs,
) -> Timed[_Answer]:
    """Answer of a call, and how long it took by the clock on the wall."""
    start = time.perf_counter()
    answer = function(*arguments, **named)
    return Timed(answer, time.perf_counter() - start)


def in_one_line(error: Exception) -> str:
    """Type and message of an error, on one line of at most 300 characters."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_ERROR]


def _blank(point: OperatingPoint | Reference, image: Image, image_id: str) -> Record:
    height, width = image.shape[:2]
    return Record(image_id, point.codec, point.setting, point.dial, width, height)


def _code(point: OperatingPoint, image: Image) -> Coded:
    data, encode_seconds = timed(point.encode, image)
    if not isinstance(data, bytes):
        raise TypeError(f"A codec must encode to bytes; received {type(data).__name__}.")
    decoded, decode_seconds = timed(point.decode, data)
    return Coded(data, _check(decoded, image), encode_seconds, decode_seconds)


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
