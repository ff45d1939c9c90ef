"""The container of a bitstream."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entropy import errors
from core.entropy.bitstream import Header, pack, unpack
from core.errors import CodecError

DIGEST = bytes(range(32))
SYMBOLS = (np.array([1, -2, 300], np.int16), np.array([0], np.int16))


def _stream(width: int = 160, height: int = 160, payload: bytes = b"\x07\x09") -> bytes:
    header = Header(b"\xab\xcd", 60, width, height)
    return pack(header, payload, model_digest=DIGEST, symbols=SYMBOLS)


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(0, 255), st.binary(max_size=40))
def test_a_stream_comes_apart_into_what_it_was_made_of(width, height, quality, payload) -> None:
    header = Header(b"\x01\x02", quality, width, height)
    stream = unpack(pack(header, payload, model_digest=DIGEST, symbols=SYMBOLS))
    assert (stream.header, stream.payload) == (header, payload)
    stream.verify(model_digest=DIGEST, symbols=SYMBOLS)


@pytest.mark.parametrize(
    ("width", "height", "size"), [(160, 160, 9), (128, 1, 11), (160, 161, 13), (4000, 3000, 13)]
)
def test_the_header_takes_as_few_bytes_as_documented(width: int, height: int, size: int) -> None:
    assert len(_stream(width, height, b"")) == size


@pytest.mark.parametrize(
    ("bytes_before", "kind"),
    [
        (b"", errors.NotThisFormat),
        (b"\x89PNG\r\n\x1a\n12345", errors.NotThisFormat),
        (b"\xb5", errors.TruncatedStream),
        (b"\xb5\x10\0\0\0\0\0\0", errors.TruncatedStream),
        (b"\xb5\x20\0\0\0\0\0\0\0", errors.UnsupportedVersion),
        (b"\xb5\x12\0\0\0\0\0\0\0", errors.UnsupportedVersion),
        (b"\xb5\x11\0\0\0\x80\x80\x80\x01\0\0\0\0\0", errors.CorruptStream),
        (b"\xb5\x11\0\0\0\x85\x00\x05\0\0\0\0", errors.CorruptStream),
        (b"\xb5\x11\0\0\0\x9f\x01\x9f\x01\0\0\0\0", errors.CorruptStream),
        (b"\xb5\x11\0\0\0\xff\x7f\xff\x7f\0\0\0\0", errors.LimitExceeded),
        (b"\xb5\x11\0\0\0\x05\x05\0\0", errors.TruncatedStream),
        (b"\xb5\x11\0\0\0\x85\x85\x85\x85", errors.CorruptStream),
    ],
)
def test_what_is_no_stream_is_refused_by_its_kind(bytes_before: bytes, kind: type) -> None:
    with pytest.raises(kind):
        unpack(bytes_before)


def test_a_size_over_the_limit_is_refused_before_anything_else() -> None:
    with pytest.raises(errors.LimitExceeded, match="400x300"):
        unpack(_stream(400, 300), max_pixels=100_000)


def test_every_error_is_one_that_callers_of_codecs_already_catch() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert all(issubclass(kind, CodecError) for kind in kinds)
    assert issubclass(errors.BitstreamError, ValueError)


def test_no_single_flipped_bit_passes_the_check() -> None:
    for stream in (_stream(), _stream(31, 77)):
        for position in range(8 * len(stream)):
            damaged = bytearray(stream)
            damaged[position // 8] ^= 1 << position % 8
            with pytest.raises(errors.BitstreamError):
                unpack(bytes(damaged)).verify(model_digest=DIGEST, symbols=SYMBOLS)


def test_no_truncation_passes_the_check() -> None:
    stream = _stream(31, 77)
    for length in range(len(stream)):
        with pytest.raises(errors.BitstreamError):
            unpack(stream[:length]).verify(model_digest=DIGEST, symbols=SYMBOLS)


def test_other_symbols_or_another_model_do_not_pass_the_check() -> None:
    stream = unpack(_stream())
    with pytest.raises(errors.CorruptStream):
        stream.verify(model_digest=DIGEST[::-1], symbols=SYMBOLS)
    with pytest.raises(errors.CorruptStream):
        stream.verify(model_digest=DIGEST, symbols=SYMBOLS[:1])
