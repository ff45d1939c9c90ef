"""Codecs for tests alone: raw pixels after a header, and ways to fail."""

from dataclasses import dataclass, field

import numpy as np

from core.errors import CodecError
from core.evaluation.evaluate import evaluate
from core.evaluation.table import to_frame, to_table
from core.metrics import metrics

EXPECTED_COLUMNS = [
    "image",
    "codec",
    "setting",
    "dial",
    "width",
    "height",
    "bytes",
    "bits_per_pixel",
    *metrics(),
    "lossless",
    "encode_seconds",
    "decode_seconds",
    "metric_seconds",
    "error",
]


@dataclass(frozen=True)
class Raw:
    """Codec whose file is the pixels after a header of seven bytes; decodes with an error."""

    codec: str = "raw"
    setting: str = "plain"
    dial: float | None = None
    brighter: int = 0
    shape: tuple[int, int, int] = field(default=(12, 10, 3))

    def encode(self, image):
        return b"header:" + image.tobytes()

    def decode(self, data):
        pixels = np.frombuffer(data[7:], np.uint8).reshape(self.shape)
        return (pixels + self.brighter).astype(np.uint8)


class RefusesToEncode(Raw):
    def encode(self, image):
        raise CodecError("too\nlarge")


class RefusesToDecode(Raw):
    def decode(self, data):
        raise CodecError("damaged")


def measured(point, image):
    return evaluate(point, image, image_id="photo", metrics=metrics()).record


def frame_of(*records):
    return to_frame(to_table(records))


def types_of(frame):
    return {name: str(kind) for name, kind in frame.dtypes.items()}
