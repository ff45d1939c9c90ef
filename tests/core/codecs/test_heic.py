"""HEIC: its library raises many types of errors for damaged files."""

import pytest

from core.codecs import get_codec
from core.dataset.splits import sample_images
from core.errors import CodecError

pytest.importorskip("pillow_heif")


def test_whichever_byte_is_damaged_there_is_no_other_error() -> None:
    codec = get_codec("heic")
    assert codec.at is not None
    point = codec.at(30)
    data = point.encode(next(iter(sample_images().values()))[:64, :64])
    refused = 0
    for position in range(500):
        for value in (0, 255, data[position] ^ 1):
            try:
                point.decode(data[:position] + bytes([value]) + data[position + 1 :])
            except CodecError:
                refused += 1
    assert refused > 100
