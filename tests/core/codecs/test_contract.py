"""What every codec family promises, whatever its format."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from core.codecs import CodecFamily, families
from core.codecs.base import Codec, CodecError
from core.images import Image

FAMILIES = families()
WITH_DIAL = [name for name, family in FAMILIES.items() if family.dial is not None]
SHAPES = [(1, 1), (97, 131), (160, 160)]

CodecsOf = Callable[[CodecFamily], Sequence[Codec]]

each_family = pytest.mark.parametrize("name", FAMILIES)
each_dial = pytest.mark.parametrize("name", WITH_DIAL)


@each_family
@pytest.mark.parametrize("shape", SHAPES, ids=["1x1", "97x131", "160x160"])
def test_decoding_gives_8_bit_rgb_of_the_same_shape(
    name: str,
    shape: tuple[int, int],
    middle_codec: Callable[[str], Codec],
    make_picture: Callable[[int, int], Image],
) -> None:
    image = make_picture(*shape)
    codec = middle_codec(name)
    decoded = codec.decode(codec.encode(image))
    assert decoded.dtype == np.uint8
    assert decoded.shape == image.shape


@each_family
def test_encoding_leaves_the_picture_as_it_was(
    name: str, middle_codec: Callable[[str], Codec], make_picture: Callable[[int, int], Image]
) -> None:
    image = make_picture(97, 131)
    before = image.copy()
    middle_codec(name).encode(image)
    assert np.array_equal(image, before)


@each_family
def test_a_picture_that_is_a_view_gives_the_bytes_of_its_copy(
    name: str, middle_codec: Callable[[str], Codec], picture: Image
) -> None:
    view = picture[::2, 1::2]
    codec = middle_codec(name)
    assert codec.encode(view) == codec.encode(view.copy())


@each_family
def test_the_same_picture_gives_the_same_bytes_twice(
    name: str,
    middle_codec: Callable[[str], Codec],
    middle_file: Callable[[str], bytes],
    picture: Image,
) -> None:
    assert middle_codec(name).encode(picture.copy()) == middle_file(name)


@each_family
def test_the_same_bytes_give_the_same_picture_twice(
    name: str, middle_codec: Callable[[str], Codec], middle_file: Callable[[str], bytes]
) -> None:
    first, second = (middle_codec(name).decode(middle_file(name)) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    "name", [name for name, family in FAMILIES.items() if family.kind == "lossless"]
)
@pytest.mark.parametrize("shape", SHAPES, ids=["1x1", "97x131", "160x160"])
def test_a_lossless_codec_restores_every_pixel(
    name: str,
    shape: tuple[int, int],
    codecs_of: CodecsOf,
    make_picture: Callable[[int, int], Image],
) -> None:
    image = make_picture(*shape)
    for codec in codecs_of(FAMILIES[name]):
        assert np.array_equal(codec.decode(codec.encode(image)), image)


@each_family
def test_half_a_file_is_refused(
    name: str, middle_codec: Callable[[str], Codec], middle_file: Callable[[str], bytes]
) -> None:
    data = middle_file(name)
    with pytest.raises(CodecError):
        middle_codec(name).decode(data[: len(data) // 2])


@each_family
def test_a_file_cut_anywhere_gives_the_whole_picture_or_none(
    name: str, middle_codec: Callable[[str], Codec], middle_file: Callable[[str], bytes]
) -> None:
    codec, data = middle_codec(name), middle_file(name)
    whole = codec.decode(data)
    headers = range(0, min(len(data), 400), 3)
    body = range(0, len(data), max(1, len(data) // 50))
    for length in {*headers, *body, *range(len(data) - 20, len(data))}:
        try:
            decoded = codec.decode(data[:length])
        except CodecError:
            continue
        assert np.array_equal(decoded, whole), f"cut to {length} of {len(data)} bytes"


@each_family
@pytest.mark.parametrize("length", [0, 1, 16, 300, 5000])
def test_random_bytes_are_refused(
    name: str, length: int, middle_codec: Callable[[str], Codec]
) -> None:
    with pytest.raises(CodecError):
        middle_codec(name).decode(np.random.default_rng(length).bytes(length))


@each_family
def test_damaged_bytes_raise_no_other_error(
    name: str, middle_codec: Callable[[str], Codec], middle_file: Callable[[str], bytes]
) -> None:
    generator = np.random.default_rng(7)
    codec, data = middle_codec(name), middle_file(name)
    refused = 0
    for reach in [64, 300, len(data)] * 20:
        damaged = np.frombuffer(data, np.uint8).copy()
        damaged[generator.integers(min(reach, len(data)), size=3)] ^= generator.integers(
            1, 256, size=3, dtype=np.uint8
        )
        try:
            codec.decode(damaged.tobytes())
        except CodecError:
            refused += 1
    assert refused > 0


@each_family
def test_a_file_of_another_family_is_refused_or_decoded_as_that_family_does(
    name: str, middle_codec: Callable[[str], Codec], middle_file: Callable[[str], bytes]
) -> None:
    refused = 0
    for other, family in FAMILIES.items():
        if family.kind == "learned":
            continue
        data = middle_file(other)
        try:
            decoded = middle_codec(name).decode(data)
        except CodecError:
            refused += 1
        else:
            assert np.array_equal(decoded, middle_codec(other).decode(data)), other
    assert refused >= 9


@each_family
def test_a_refusal_is_one_sentence(name: str, middle_codec: Callable[[str], Codec]) -> None:
    with pytest.raises(CodecError) as caught:
        middle_codec(name).decode(b"no picture at all")
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert " at 0x" not in message


@each_family
def test_codecs_are_frozen_dataclasses_that_know_their_family(
    name: str, codecs_of: CodecsOf
) -> None:
    for codec in codecs_of(FAMILIES[name]):
        assert isinstance(codec, Codec)
        assert codec.family == name
        assert dataclasses.is_dataclass(codec)
        assert type(codec).__dataclass_params__.frozen


@each_family
def test_settings_of_a_sweep_are_unique(name: str, codecs_of: CodecsOf) -> None:
    settings = [codec.setting for codec in codecs_of(FAMILIES[name])]
    assert all(settings)
    assert len(set(settings)) == len(settings)


@pytest.mark.parametrize(
    "name", [name for name, family in FAMILIES.items() if family.kind == "lossy"]
)
def test_the_sweep_of_a_lossy_family_has_at_least_ten_settings_on_its_dial(
    name: str, codecs_of: CodecsOf
) -> None:
    family = FAMILIES[name]
    codecs = codecs_of(family)
    assert len(codecs) >= 10
    assert family.dial is not None
    assert family.at is not None
    assert [family.at(getattr(codec, family.dial.name)) for codec in codecs] == list(codecs)


@each_dial
def test_a_larger_file_lies_at_the_end_of_the_sweep_and_of_the_dial(
    name: str, codecs_of: CodecsOf, picture: Image
) -> None:
    family = FAMILIES[name]
    swept = codecs_of(family)
    assert family.dial is not None
    assert family.at is not None
    lowest, *_, highest = family.dial.positions()
    codecs = [family.at(lowest), swept[0], swept[-1], family.at(highest)]
    sizes = [len(codec.encode(picture)) for codec in codecs]
    assert sizes == sorted(sizes)
    assert 2 * sizes[1] < sizes[2]


@each_dial
@pytest.mark.parametrize("steps_away", [-1e9, -1, 1, 1e9, float("nan")])
def test_values_off_the_dial_are_refused_with_a_sentence(
    name: str, steps_away: float, codecs_of: CodecsOf
) -> None:
    codecs_of(FAMILIES[name])
    dial, at = FAMILIES[name].dial, FAMILIES[name].at
    assert dial is not None
    assert at is not None
    end = dial.lowest if steps_away < 0 else dial.highest
    with pytest.raises(ValueError, match=rf"{dial.name} must lie in .* received .*\."):
        at(end + steps_away * dial.step)


@each_dial
def test_values_between_two_positions_are_refused_with_a_sentence(
    name: str, codecs_of: CodecsOf
) -> None:
    codecs_of(FAMILIES[name])
    dial, at = FAMILIES[name].dial, FAMILIES[name].at
    assert dial is not None
    assert at is not None
    with pytest.raises(ValueError, match=rf"{dial.name} moves in steps of .* received .*\."):
        at(dial.lowest + 0.4 * dial.step)


@each_dial
def test_the_default_of_the_dial_works(name: str, codecs_of: CodecsOf) -> None:
    family = FAMILIES[name]
    codecs_of(family)
    assert family.dial is not None
    assert family.at is not None
    codec = family.at(family.dial.default)
    assert codec.family == name
    assert codec.setting
