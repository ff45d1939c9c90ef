"""One image through one codec: its bytes, metrics, times and errors."""

import math
import time
from dataclasses import dataclass

import numpy as np
import pytest

from core.codecs.base import OperatingPoint
from core.evaluation.evaluate import evaluate_reference
from core.metrics import metrics
from tests.core.evaluation.raw_codec import Raw, RefusesToDecode, RefusesToEncode, measured


@dataclass(frozen=True)
class Slow(Raw):
    """Takes 20 milliseconds to encode and 400 to decode."""

    def encode(self, image):
        time.sleep(0.02)
        return super().encode(image)

    def decode(self, data):
        time.sleep(0.4)
        return super().decode(data)


class DecodesAnotherShape(Raw):
    def decode(self, data):
        return np.zeros((10, 12, 3), np.uint8)


class DecodesFloats(Raw):
    def decode(self, data):
        return np.zeros(self.shape, np.float32)


class EncodesAnArray(Raw):
    def encode(self, image):
        return image


def test_the_test_codec_is_a_codec():
    assert isinstance(Raw(), OperatingPoint)


def test_the_rate_counts_every_byte_of_the_file(image):
    record = measured(Raw(dial=3.5), image)
    assert record.bytes == 7 + image.size
    assert record.bits_per_pixel == 8 * (7 + image.size) / 120
    assert (record.width, record.height, record.dial) == (10, 12, 3.5)
    assert (record.image, record.codec, record.setting) == ("photo", "raw", "plain")


def test_an_exact_image_is_lossless_with_infinite_psnr(image):
    record = measured(Raw(), image)
    assert record.lossless
    assert record.metrics["psnr_db"] == math.inf
    assert record.metrics["ssim"] == 1.0


def test_a_changed_image_is_not_lossless(image):
    record = measured(Raw(brighter=1), image)
    assert not record.lossless
    assert record.metrics["psnr_db"] == pytest.approx(48.1308, abs=1e-4)


def test_a_metric_that_is_not_defined_for_the_size_is_none(image):
    record = measured(Raw(), image)
    assert record.metrics["ms_ssim_4"] is None
    assert record.error is None


def test_time_is_taken_around_encode_and_decode_alone(image):
    record = measured(Slow(), image)
    assert 0.02 <= record.encode_seconds < 0.4 <= record.decode_seconds
    assert record.metric_seconds > 0.0


@pytest.mark.parametrize(
    ("point", "error"),
    [
        (RefusesToEncode(), "CodecError: too large"),
        (RefusesToDecode(), "CodecError: damaged"),
        (DecodesAnotherShape(), "must be uint8 (12, 10, 3); received uint8 (10, 12, 3)"),
        (DecodesFloats(), "must be uint8 (12, 10, 3); received float32 (12, 10, 3)"),
        (EncodesAnArray(), "must encode to bytes; received ndarray"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_codec_that_fails_gives_its_error_and_no_measurement(point, error, image):
    record = measured(point, image)
    assert error in record.error
    assert "\n" not in record.error
    assert (record.bytes, record.bits_per_pixel, record.metrics) == (None, None, {})
    assert (record.encode_seconds, record.lossless) == (None, False)
    assert (record.width, record.height) == (10, 12)


@dataclass(frozen=True)
class Darker:
    codec: str = "raw"
    setting: str = "float"
    dial: None = None

    def reconstruct(self, image):
        return image // 2


class Fails(Darker):
    def reconstruct(self, image):
        raise ValueError("no weights")


def test_a_reference_has_metrics_but_neither_bytes_nor_times(image):
    record = evaluate_reference(Darker(), image, image_id="photo", metrics=metrics()).record
    assert record.metrics["psnr_db"] == metrics()["psnr_db"].measure(image, image // 2)
    assert (record.setting, record.error, record.lossless) == ("float", None, False)
    assert (record.bytes, record.encode_seconds, record.decode_seconds) == (None, None, None)


def test_a_reference_that_fails_gives_its_error(image):
    record = evaluate_reference(Fails(), image, image_id="photo", metrics=metrics()).record
    assert (record.error, record.metrics) == ("ValueError: no weights", {})
