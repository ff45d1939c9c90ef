from dataclasses import replace

import numpy as np
import pytest

from core.codecs import families
from core.codecs.base import Codec
from core.store import ArtifactStore
from dashboard.codec_knobs import knobs_of

PICTURE = np.random.default_rng(3).integers(0, 256, (16, 24, 3), np.uint8)


def _codec(name: str) -> Codec:
    family = families()[name]
    return (
        family.at(family.dial.default) if family.dial else family.sweep(ArtifactStore.default())[0]
    )


FORMATS = [name for name, family in families().items() if family.kind != "learned"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_position_that_is_offered_makes_a_file_that_decodes(name: str) -> None:
    codec = _codec(name)
    for knob in knobs_of(codec):
        assert knob.default == getattr(codec, knob.name)
        for value in (knob.values[0], knob.values[-1]):
            turned = replace(codec, **{knob.name: value})
            assert turned.decode(turned.encode(PICTURE)).shape == PICTURE.shape


def test_the_dial_and_the_threads_are_no_knobs() -> None:
    assert [knob.name for knob in knobs_of(_codec("avif"))] == ["subsampling", "speed"]


def test_a_yes_or_no_field_is_a_knob_without_being_known_by_name() -> None:
    knobs = {knob.name: knob.values for knob in knobs_of(_codec("jpeg2000"))}
    assert knobs == {"irreversible": (False, True), "colour_transform": (False, True)}


def test_effort_has_the_scale_of_its_family() -> None:
    (jpeg_xl,) = knobs_of(_codec("jpeg_xl"))
    webp = {knob.name: knob for knob in knobs_of(_codec("webp_lossless"))}
    assert jpeg_xl.values == tuple(range(1, 10))
    assert (webp["effort"].values[-1], webp["effort"].default) == (100, 80)
