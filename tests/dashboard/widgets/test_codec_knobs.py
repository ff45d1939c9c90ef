from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pytest

from core.codecs import codecs
from core.codecs.base import OperatingPoint, choices
from core.codecs.pillow import PillowCodec
from core.store import ArtifactStore
from dashboard.widgets.codec_knobs import Knob, knobs_of

IMAGE = np.random.default_rng(3).integers(0, 256, (16, 24, 3), np.uint8)


def _point(name: str) -> OperatingPoint:
    codec = codecs()[name]
    return codec.at(codec.dial.default) if codec.dial else codec.sweep(ArtifactStore.default())[0]


FORMATS = [name for name, codec in codecs().items() if codec.kind != "learned"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_position_that_is_offered_makes_a_file_that_decodes(name: str) -> None:
    point = _point(name)
    for knob in knobs_of(point):
        assert knob.default == getattr(point, knob.name)
        for value in (knob.values[0], knob.values[-1]):
            turned = replace(point, **{knob.name: value})
            assert turned.decode(turned.encode(IMAGE)).shape == IMAGE.shape


def test_the_dial_and_the_threads_are_no_knobs() -> None:
    assert [knob.name for knob in knobs_of(_point("avif"))] == ["subsampling", "speed"]


def test_a_yes_or_no_field_is_a_knob_without_being_known_by_name() -> None:
    knobs = {knob.name: knob.values for knob in knobs_of(_point("jpeg2000"))}
    assert knobs == {"irreversible": (False, True), "colour_transform": (False, True)}


def test_effort_has_the_scale_of_its_codec() -> None:
    (jpeg_xl,) = knobs_of(_point("jpeg_xl"))
    webp = {knob.name: knob for knob in knobs_of(_point("webp_lossless"))}
    assert jpeg_xl.values == tuple(range(1, 10))
    assert (webp["effort"].values[-1], webp["effort"].default) == (100, 80)


def test_a_new_codec_is_offered_with_the_choices_that_it_declares() -> None:
    @dataclass(frozen=True)
    class Grainy(PillowCodec):
        codec: ClassVar[str] = "grainy"
        format: ClassVar[str] = "PNG"

        grain: str = field(default="fine", metadata=choices(("coarse", "fine")))
        threads: int = 1

        def options(self) -> dict[str, object]:
            return {}

    assert knobs_of(Grainy()) == [Knob("grain", ("coarse", "fine"), "fine")]


@pytest.mark.parametrize(
    ("derived", "origin"),
    [
        ("avif_444", "avif"),
        ("webp_slow", "webp"),
        ("jpeg_optimized", "jpeg"),
        ("bottleneck_slow", "bottleneck"),
    ],
)
def test_a_codec_with_other_defaults_offers_the_choices_of_its_origin(
    derived: str, origin: str
) -> None:
    offered = [(knob.name, knob.values) for knob in knobs_of(_point(derived))]
    assert offered == [(knob.name, knob.values) for knob in knobs_of(_point(origin))]
    assert offered
