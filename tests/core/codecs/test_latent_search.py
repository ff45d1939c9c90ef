"""The encoder's search for better latents, with the published model."""

import dataclasses

import numpy as np
import pytest

from core.codecs import bottleneck, bottleneck_slow
from core.codecs.bnk import TrainedModel
from core.codecs.bottleneck import CODEC, REFINEMENT, BottleneckPoint
from core.codecs.latent_search import Watcher
from core.codecs.onnx_network import Tiling
from core.dataset.splits import sample_images
from core.entropy.step_sizes import step_sizes, table_scales
from core.errors import CodecError
from core.images import Image
from core.progress import listening
from core.store import ArtifactStore
from tests.core.entropy.plain_stream import GOLDEN

STORE = ArtifactStore.default()


@pytest.fixture(scope="module")
def photographs() -> list[Image]:
    """Pieces of several sizes, none of them a multiple of the cell but one."""
    shapes = [(64, 64), (50, 91), (97, 40), (33, 70)]
    images = list(sample_images().values())
    return [
        image[100 : 100 + height, 80 : 80 + width]
        for image, (height, width) in zip(images, shapes, strict=False)
    ]


def _at(quality: int, effort: int = 0) -> BottleneckPoint:
    point = bottleneck.at(quality, STORE)
    assert isinstance(point, BottleneckPoint)
    return dataclasses.replace(point, effort=effort)


def _cost(point: BottleneckPoint, image: Image, data: bytes) -> float:
    """Bits of the file, and of the squared error of the image in it."""
    error = np.square(point.decode(data).astype(np.float64) - image).sum()
    weight = TrainedModel(CODEC, "bottleneck", STORE).network().refinement().weight(point.quality)
    return float(8 * len(data) + weight * error)


@pytest.mark.parametrize("quality", [1, 20, 60, 100])
def test_a_search_never_costs_more_and_the_decoder_stays_the_same(
    photographs: list[Image], quality: int
) -> None:
    once, searched = _at(quality), _at(quality, effort=1)
    gains = []
    for image in photographs:
        first, better = once.encode(image), searched.encode(image)
        assert once.decode(better).shape == image.shape
        gains.append(_cost(once, image, first) - _cost(once, image, better))
    assert min(gains) >= 0
    assert max(gains) > 0


def test_more_effort_finds_more(photographs: list[Image]) -> None:
    image = photographs[0]
    costs = [_cost(_at(50), image, _at(50, effort).encode(image)) for effort in (0, 1, 2)]
    assert costs[2] < costs[1] < costs[0]
    assert costs[2] < 0.98 * costs[0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (40, 1)])
def test_what_is_mostly_padding_is_searched_too(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    data = _at(60, effort=1).encode(image)
    assert _cost(_at(60), image, data) <= _cost(_at(60), image, _at(60).encode(image))


def test_the_slow_codec_is_the_same_model_with_another_effort(photographs: list[Image]) -> None:
    slow = bottleneck_slow.at(40, STORE)
    assert (slow.setting, slow.codec, slow.model) == ("quality=40", "bottleneck_slow", "bottleneck")
    image = photographs[0]
    assert slow.encode(image) == _at(40, slow.effort).encode(image)
    fast = dataclasses.replace(slow, effort=0)
    assert fast.encode(image) == bottleneck.at(40, STORE).encode(image)
    assert fast.setting == "quality=40, effort=0"
    assert _at(40, effort=1).setting == "quality=40, effort=1"


def test_watching_changes_no_byte_and_sees_what_the_decoder_restores(
    photographs: list[Image],
) -> None:
    network = TrainedModel(CODEC, "bottleneck", STORE).network()
    latents = network.latents(photographs[1])
    side, coder = network.side(latents, 70), network.coder_at(70)
    watcher = Watcher(latents, table_scales(network.model))
    coded = coder.encode(latents, side, watcher)
    assert coded.payload == coder.encode(latents, side).payload
    rows, columns, _ = latents.shape
    decoded = coder.decode(coded.payload, rows=rows, columns=columns)
    np.testing.assert_array_equal(watcher.latents, decoded.latents)


def test_step_sizes_are_those_that_the_coder_quantises_with(photographs: list[Image]) -> None:
    """Moving values of the first step by a quantiser step moves their symbols by one."""
    network = TrainedModel(CODEC, "bottleneck", STORE).network()
    latents = network.latents(photographs[1])
    side, coder = network.side(latents, 30), network.coder_at(30)
    sizes = step_sizes(network.model, 30, side)
    steps = sizes.channels * sizes.positions
    first = coder.encode(latents, side).symbols[1].astype(np.int32)
    moved = coder.encode(latents + 8 / steps, side).symbols[1].astype(np.int32)
    # Alone, values are counted in half steps.
    differences = (moved - first)[(moved & 1 == 0) & (first & 1 == 0)]
    assert np.mean(differences == 16) > 0.9


def test_a_search_in_tiles_finds_as_much(photographs: list[Image], monkeypatch) -> None:
    image = next(iter(sample_images().values()))[:128, :400]
    whole = _cost(_at(50), image, _at(50, effort=1).encode(image))
    monkeypatch.setattr("core.codecs.bottleneck._SEARCH_WINDOW", 20)
    monkeypatch.setattr("core.codecs.bottleneck._SIDE_TILING", Tiling(window=12, margin=4, down=2))
    assert _cost(_at(50), image, _at(50, effort=1).encode(image)) == pytest.approx(whole, rel=2e-3)


def test_the_search_tells_how_far_it_is_and_can_be_stopped(photographs: list[Image]) -> None:
    seen: list[float] = []

    def listen(part: str, done: float) -> None:
        if part == "refining":
            seen.append(done)
            if len(seen) == 3:
                raise KeyboardInterrupt

    with listening(listen), pytest.raises(KeyboardInterrupt):
        _at(50, effort=2).encode(photographs[0])
    assert seen == sorted(seen)
    assert seen[0] > 0


def test_a_model_without_the_network_says_that_it_has_effort_0_only() -> None:
    small = bottleneck.at(50, ArtifactStore(GOLDEN))
    assert isinstance(small, BottleneckPoint)
    image = np.zeros((32, 32, 3), np.uint8)
    assert small.encode(image)
    with pytest.raises(CodecError, match=f"no {REFINEMENT}.*effort 0; received 1"):
        dataclasses.replace(small, effort=1).encode(image)


@pytest.mark.parametrize("effort", [-1, 4])
def test_there_are_four_efforts(effort: int) -> None:
    with pytest.raises(ValueError, match=rf"effort must lie in 0..3; received {effort}"):
        _at(50, effort=effort)
