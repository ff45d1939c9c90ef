"""What every codec promises, whatever its format."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet

from core.codecs import Codec, codecs
from core.codecs.base import At, Dial, OperatingPoint
from core.codecs.external.command_line import CommandLineCodec
from core.codecs.recognition import recognise
from core.errors import CodecError
from core.images import Image
from core.store import ArtifactStore
from pipelines.file_suffixes import format_of

STORE = ArtifactStore.default()
CODECS = codecs()
WITH_DIAL = [name for name, codec in CODECS.items() if codec.dial is not None]
SHAPES = [(1, 1), (97, 131), (160, 160)]

PointsOf = Callable[[Codec], Sequence[OperatingPoint]]

#: Codecs that take more than a second per image.
SLOW_ENCODERS = {"avif_slow", "bottleneck_slow"}


def _params(names: Iterable[str]) -> list[ParameterSet]:
    return [
        pytest.param(name, marks=pytest.mark.slow if name in SLOW_ENCODERS else ())
        for name in names
    ]


def _dial(name: str, points_of: PointsOf) -> tuple[Dial, At, Sequence[OperatingPoint]]:
    """Dial of a codec, operating point of a value on it, and those that are swept."""
    codec = CODECS[name]
    assert codec.dial is not None
    assert codec.at is not None
    return codec.dial, codec.at, points_of(codec)


each_codec = pytest.mark.parametrize("name", _params(CODECS))
each_dial = pytest.mark.parametrize("name", _params(WITH_DIAL))


@pytest.mark.parametrize("name", [n for n, codec in CODECS.items() if codec.kind != "learned"])
def test_a_codec_of_a_format_names_the_version_of_its_encoder(name: str) -> None:
    version = CODECS[name].version
    assert version is not None
    assert re.search(r"\d+\.\d+", version())


@each_codec
@pytest.mark.parametrize("shape", SHAPES, ids=["1x1", "97x131", "160x160"])
def test_decoding_gives_8_bit_rgb_of_the_same_shape(
    name: str,
    shape: tuple[int, int],
    middle_point: Callable[[str], OperatingPoint],
    make_image: Callable[[int, int], Image],
) -> None:
    image = make_image(*shape)
    point = middle_point(name)
    decoded = point.decode(point.encode(image))
    assert decoded.dtype == np.uint8
    assert decoded.shape == image.shape


@each_codec
def test_a_file_is_recognised_and_decoded_without_a_word_on_what_wrote_it(
    name: str,
    middle_point: Callable[[str], OperatingPoint],
    make_image: Callable[[int, int], Image],
) -> None:
    if format_of(CODECS[name].suffix) is None:
        pytest.skip(f"{CODECS[name].suffix} is of no format that is recognised")
    point = middle_point(name)
    data = point.encode(make_image(97, 131))
    difference = recognise(data, STORE).image.astype(int) - point.decode(data)
    assert np.abs(difference).max() <= 2  # other decoders round otherwise


@each_codec
def test_encoding_leaves_the_image_as_it_was(
    name: str,
    middle_point: Callable[[str], OperatingPoint],
    make_image: Callable[[int, int], Image],
) -> None:
    image = make_image(97, 131)
    before = image.copy()
    middle_point(name).encode(image)
    assert np.array_equal(image, before)


@each_codec
def test_an_image_that_is_a_view_gives_the_bytes_of_its_copy(
    name: str, middle_point: Callable[[str], OperatingPoint], image: Image
) -> None:
    view = image[::2, 1::2]
    point = middle_point(name)
    assert point.encode(view) == point.encode(view.copy())


@each_codec
def test_the_same_image_gives_the_same_bytes_twice(
    name: str,
    middle_point: Callable[[str], OperatingPoint],
    middle_file: Callable[[str], bytes],
    image: Image,
) -> None:
    assert middle_point(name).encode(image.copy()) == middle_file(name)


@each_codec
def test_the_same_bytes_give_the_same_image_twice(
    name: str, middle_point: Callable[[str], OperatingPoint], middle_file: Callable[[str], bytes]
) -> None:
    first, second = (middle_point(name).decode(middle_file(name)) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    "name", [name for name, codec in CODECS.items() if codec.kind == "lossless"]
)
@pytest.mark.parametrize("shape", SHAPES, ids=["1x1", "97x131", "160x160"])
def test_a_lossless_codec_restores_every_pixel(
    name: str,
    shape: tuple[int, int],
    points_of: PointsOf,
    make_image: Callable[[int, int], Image],
) -> None:
    image = make_image(*shape)
    for point in points_of(CODECS[name]):
        assert np.array_equal(point.decode(point.encode(image)), image)


@each_codec
def test_half_a_file_is_refused(
    name: str, middle_point: Callable[[str], OperatingPoint], middle_file: Callable[[str], bytes]
) -> None:
    data = middle_file(name)
    with pytest.raises(CodecError):
        middle_point(name).decode(data[: len(data) // 2])


@pytest.mark.slow
@each_codec
def test_a_file_cut_anywhere_gives_the_whole_image_or_none(
    name: str, middle_point: Callable[[str], OperatingPoint], middle_file: Callable[[str], bytes]
) -> None:
    point, data = middle_point(name), middle_file(name)
    whole = point.decode(data)
    headers = range(0, min(len(data), 400), 3)
    body = range(0, len(data), max(1, len(data) // 50))
    for length in {*headers, *body, *range(len(data) - 20, len(data))}:
        try:
            decoded = point.decode(data[:length])
        except CodecError:
            continue
        assert np.array_equal(decoded, whole), f"cut to {length} of {len(data)} bytes"


@each_codec
@pytest.mark.parametrize("length", [0, 1, 16, 300, 5000])
def test_random_bytes_are_refused(
    name: str, length: int, middle_point: Callable[[str], OperatingPoint]
) -> None:
    with pytest.raises(CodecError):
        middle_point(name).decode(np.random.default_rng(length).bytes(length))


@each_codec
def test_damaged_bytes_raise_no_other_error(
    name: str, middle_point: Callable[[str], OperatingPoint], middle_file: Callable[[str], bytes]
) -> None:
    generator = np.random.default_rng(7)
    point, data = middle_point(name), middle_file(name)
    refused = 0
    for reach in [64, 300, len(data)] * 20:
        damaged = np.frombuffer(data, np.uint8).copy()
        damaged[generator.integers(min(reach, len(data)), size=3)] ^= generator.integers(
            1, 256, size=3, dtype=np.uint8
        )
        try:
            point.decode(damaged.tobytes())
        except CodecError:
            refused += 1
    assert refused > 0


@each_codec
def test_a_file_of_another_codec_is_refused_or_decoded_as_that_codec_does(
    name: str, middle_point: Callable[[str], OperatingPoint], middle_file: Callable[[str], bytes]
) -> None:
    refused = 0
    for other, codec in CODECS.items():
        if codec.kind == "learned":
            continue
        data = middle_file(other)
        try:
            decoded = middle_point(name).decode(data)
        except CodecError:
            refused += 1
        else:
            expected = middle_point(other).decode(data)
            # A program of its own may be another version of the library, which rounds differently.
            levels = 2 if isinstance(middle_point(name), CommandLineCodec) else 0
            levels = max(levels, 2 if isinstance(middle_point(other), CommandLineCodec) else 0)
            assert np.abs(decoded.astype(int) - expected).max() <= levels, other
    assert refused >= 9


@each_codec
def test_a_refusal_is_one_sentence(
    name: str, middle_point: Callable[[str], OperatingPoint]
) -> None:
    with pytest.raises(CodecError) as caught:
        middle_point(name).decode(b"no image at all")
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert " at 0x" not in message


@each_codec
def test_codecs_are_frozen_dataclasses_that_know_their_codec(
    name: str, points_of: PointsOf
) -> None:
    for point in points_of(CODECS[name]):
        assert isinstance(point, OperatingPoint)
        assert point.codec == name
        assert dataclasses.is_dataclass(point)
        assert type(point).__dataclass_params__.frozen


@each_codec
def test_settings_of_a_sweep_are_unique(name: str, points_of: PointsOf) -> None:
    settings = [point.setting for point in points_of(CODECS[name])]
    assert all(settings)
    assert len(set(settings)) == len(settings)


@pytest.mark.parametrize(
    "name", _params(name for name, codec in CODECS.items() if codec.kind == "lossy")
)
def test_the_sweep_of_a_lossy_codec_has_at_least_ten_settings_on_its_dial(
    name: str, points_of: PointsOf
) -> None:
    dial, at, points = _dial(name, points_of)
    assert len(points) >= 10
    assert [at(getattr(point, dial.name)) for point in points] == list(points)


@each_dial
def test_a_larger_file_lies_at_the_end_of_the_sweep_and_of_the_dial(
    name: str, points_of: PointsOf, image: Image
) -> None:
    dial, at, swept = _dial(name, points_of)
    lowest, *_, highest = dial.positions()
    points = [at(lowest), swept[0], swept[-1], at(highest)]
    sizes = [len(point.encode(image)) for point in points]
    assert sizes == sorted(sizes)
    assert 2 * sizes[1] < sizes[2]


@each_dial
@pytest.mark.parametrize("steps_away", [-1e9, -1, 1, 1e9, float("nan")])
def test_values_off_the_dial_are_refused_with_a_sentence(
    name: str, steps_away: float, points_of: PointsOf
) -> None:
    dial, at, _ = _dial(name, points_of)
    end = dial.lowest if steps_away < 0 else dial.highest
    with pytest.raises(ValueError, match=rf"{dial.name} must lie in .* received .*\."):
        at(end + steps_away * dial.step)


@each_dial
def test_values_between_two_positions_are_refused_with_a_sentence(
    name: str, points_of: PointsOf
) -> None:
    dial, at, _ = _dial(name, points_of)
    with pytest.raises(ValueError, match=rf"{dial.name} moves in steps of .* received .*\."):
        at(dial.lowest + 0.4 * dial.step)


@each_dial
def test_the_default_of_the_dial_works(name: str, points_of: PointsOf) -> None:
    dial, at, _ = _dial(name, points_of)
    point = at(dial.default)
    assert point.codec == name
    assert point.setting
