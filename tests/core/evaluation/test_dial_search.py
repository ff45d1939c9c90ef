"""The search for a dial position keeps its word on dials of every kind."""

import math
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.codecs import Codec, get_codec
from core.codecs.base import Dial
from core.evaluation.dial_search import Bound, SearchEnd, match_bytes, match_metric
from core.images import Image
from core.metrics import metrics

IMAGE = np.full((2, 2, 3), 128, np.uint8)
SIXTY = [100 + 10 * position for position in range(60)]


@dataclass
class Staircase:
    """A codec whose file at position p has `sizes[p]` bytes and decodes to grey level p."""

    sizes: list[int]
    encoded: list[float] = field(default_factory=list)
    drafts: list[int] | None = None

    def at(self, value: float, store: object = None) -> SimpleNamespace:
        def encode(image: Image) -> bytes:
            self.encoded.append(value)
            return bytes(self.sizes[int(value)])

        def encode_draft(image: Image) -> bytes:
            return bytes(self.drafts[int(value)] if self.drafts else 0)

        def decode(data: bytes) -> Image:
            return np.full((2, 2, 3), int(value), np.uint8)

        draft = SimpleNamespace(encode=encode_draft) if self.drafts else None
        return SimpleNamespace(
            codec="stairs",
            setting=f"step={value:g}",
            dial=value,
            encode=encode,
            decode=decode,
            draft=draft,
        )

    def codec(self) -> Codec:
        dial = Dial(name="step", lowest=0, highest=len(self.sizes) - 1, step=1, default=0)
        return Codec("stairs", "Stairs", "lossy", dial, lambda store: [], self.at)


def level_metric(values: list[float], *, higher_is_better: bool = True) -> SimpleNamespace:
    """Metric that reads the dial position from the decoded image."""
    return SimpleNamespace(
        HIGHER_IS_BETTER=higher_is_better,
        measure=lambda reference, image: values[int(image[0, 0, 0])],
    )


@pytest.fixture(scope="module")
def photograph() -> Image:
    """Slopes, edges and texture with the 1/f spectrum of photographs, 96x128."""
    generator = np.random.default_rng(4)
    down, right = np.meshgrid(np.fft.fftfreq(96), np.fft.fftfreq(128), indexing="ij")
    falloff = np.maximum(np.hypot(down, right), 1 / 128) ** -1.3
    noise = np.fft.fft2(generator.standard_normal((96, 128)))
    brightness = np.fft.ifft2(noise * falloff).real
    pixels = 128 + 45 * brightness[..., None] / brightness.std() + [10, 0, -10]
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("target", [100, 104, 106, 333, 500, 689, 690])
def test_on_a_rising_dial_the_closest_size_is_found(target: int) -> None:
    match = match_bytes(Staircase(SIXTY).codec(), IMAGE, target)
    assert abs(match.achieved - target) == min(abs(size - target) for size in SIXTY)
    assert match.achieved == len(match.data)
    assert match.error_fraction == pytest.approx((match.achieved - target) / target)
    assert match.reachable


@pytest.mark.parametrize(
    ("bound", "expected"), [("nearest", 340), ("at_most", 330), ("at_least", 340)]
)
def test_a_bound_says_on_which_side_of_the_target_to_stay(bound: Bound, expected: int) -> None:
    match = match_bytes(Staircase(SIXTY).codec(), IMAGE, 338, bound=bound)
    assert match.achieved == expected


@pytest.mark.parametrize(("target", "end"), [(97, 100), (1, 100), (705, 690), (10**6, 690)])
@pytest.mark.parametrize("bound", ["nearest", "at_most", "at_least"])
def test_beyond_the_ends_the_end_is_given_and_called_out_of_reach(
    target: int, end: int, bound: Bound
) -> None:
    match = match_bytes(Staircase(SIXTY).codec(), IMAGE, target, bound=bound)
    assert match.achieved == end
    assert not match.reachable


@pytest.mark.parametrize(("target", "end"), [(99, 100), (702, 690)])
def test_an_end_that_is_as_close_as_a_step_of_a_dial_reaches_the_nearest_size(
    target: int, end: int
) -> None:
    found = {
        bound: match_bytes(Staircase(SIXTY).codec(), IMAGE, target, bound=bound)
        for bound in ("nearest", "at_most", "at_least")
    }
    assert {match.achieved for match in found.values()} == {end}
    assert {bound: match.reachable for bound, match in found.items()} == {
        "nearest": True,
        "at_most": False,
        "at_least": False,
    }


def test_flat_steps_lead_to_the_closest_of_the_levels() -> None:
    flat = [100 + 50 * (position // 7) for position in range(70)]
    match = match_bytes(Staircase(flat).codec(), IMAGE, 310)
    assert match.achieved == 300
    assert match.reachable


def test_one_step_back_beside_the_crossing_is_seen() -> None:
    sizes = [100, 200, 300, 405, 380, 500, 600, 700]
    match = match_bytes(Staircase(sizes).codec(), IMAGE, 404)
    assert match.achieved == 405


@pytest.mark.parametrize("seed", range(20))
def test_on_an_uneven_dial_the_error_is_at_most_one_step_of_it(seed: int) -> None:
    generator = np.random.default_rng(seed)
    sizes = [int(size) for size in 1000 * 1.04 ** (np.arange(100) + generator.normal(0, 0.8, 100))]
    target = int(generator.integers(1500, 30000))
    match = match_bytes(Staircase(sizes).codec(), IMAGE, target)
    steps = [abs(after / before - 1) for before, after in pairwise(sizes)]
    assert abs(match.error_fraction) < max(steps)


def test_no_position_is_encoded_twice_and_few_are_at_all() -> None:
    stairs = Staircase(SIXTY)
    match = match_bytes(stairs.codec(), IMAGE, 412)
    assert len(set(stairs.encoded)) == len(stairs.encoded) == match.encodes
    assert match.encodes <= math.ceil(math.log2(60)) + 2


def test_files_that_the_caller_has_are_not_encoded_again() -> None:
    stairs = Staircase(SIXTY)
    files: dict[float, bytes] = {}
    first = match_bytes(stairs.codec(), IMAGE, 412, files=files)
    assert sorted(files) == sorted(stairs.encoded)
    stairs.encoded.clear()
    again = match_bytes(stairs.codec(), IMAGE, 412, files=files)
    assert stairs.encoded == []
    assert again.achieved == first.achieved


@pytest.mark.parametrize("bound", ["nearest", "at_most"])
@pytest.mark.parametrize("factor", [0.9, 1.0, 1.1])
@pytest.mark.parametrize("seed", range(10))
def test_drafts_spare_most_of_the_encodes(factor: float, bound: Bound, seed: int) -> None:
    generator = np.random.default_rng(seed)
    sizes = [int(1000 * 1.04**position) for position in range(100)]
    drafts = [int(size * factor * generator.uniform(0.98, 1.02)) for size in sizes]
    target = int(generator.integers(1500, 30000))
    stairs = Staircase(sizes, drafts=drafts)
    match = match_bytes(stairs.codec(), IMAGE, target, bound=bound)
    allowed = [size for size in sizes if bound == "nearest" or size <= target]
    nearest = min(abs(size - target) for size in allowed)
    assert abs(match.achieved - target) <= max(nearest, 0.01 * target * (bound == "nearest"))
    assert match.reachable
    assert match.encodes == len(stairs.encoded) <= 6


@pytest.mark.parametrize(("target", "end"), [(97, 100), (1, 100), (705, 690), (10**6, 690)])
def test_drafts_reach_no_further_than_the_files(target: int, end: int) -> None:
    stairs = Staircase(SIXTY, drafts=[size - 5 for size in SIXTY])
    match = match_bytes(stairs.codec(), IMAGE, target)
    assert (match.achieved, match.reachable) == (end, False)


def test_an_avif_of_a_size_takes_few_encodes(photograph: Image) -> None:
    files: dict[float, bytes] = {}
    match = match_bytes(get_codec("avif_444"), photograph, 3000, files=files)
    assert abs(match.error_fraction) < 0.05
    assert match.encodes == len(files) <= 5


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_metrics_are_matched_in_either_direction(higher_is_better: bool) -> None:
    rising = [20 + 0.5 * position for position in range(60)]
    metric = level_metric(
        rising if higher_is_better else rising[::-1], higher_is_better=higher_is_better
    )
    match = match_metric(Staircase(SIXTY).codec(), IMAGE, metric, 31.2)
    assert match.achieved == 31.0
    assert match.reachable


def test_a_metric_out_of_reach_gives_the_best_end() -> None:
    metric = level_metric([20 + 0.5 * position for position in range(60)])
    match = match_metric(Staircase(SIXTY).codec(), IMAGE, metric, 60)
    assert match.achieved == 49.5
    assert not match.reachable


def test_an_infinite_metric_is_no_obstacle() -> None:
    metric = level_metric([30.0, 40.0, 50.0, math.inf])
    match = match_metric(Staircase([1, 2, 3, 4]).codec(), IMAGE, metric, 52)
    assert match.achieved == 50
    assert match.reachable


@pytest.mark.parametrize("name", ["jpeg", "webp", "jpeg_xl", "jpeg2000"])
def test_real_codecs_come_within_five_percent_of_a_size(name: str, photograph: Image) -> None:
    match = match_bytes(get_codec(name), photograph, 2500)
    assert match.reachable
    assert abs(match.error_fraction) < 0.05
    assert match.point.encode(photograph) == match.data
    assert np.array_equal(match.point.decode(match.data), match.decoded)


@pytest.mark.parametrize("name", ["jpeg", "webp", "jpeg_xl", "jpeg2000"])
def test_real_codecs_come_within_half_a_decibel_of_a_quality(name: str, photograph: Image) -> None:
    psnr_db = metrics()["psnr_db"]
    match = match_metric(get_codec(name), photograph, psnr_db, 34)
    assert match.reachable
    assert match.achieved == pytest.approx(34, abs=0.5)
    assert match.achieved == psnr_db.measure(photograph, match.decoded)


def test_a_codec_without_a_dial_is_refused() -> None:
    with pytest.raises(ValueError, match=r"PNG has no dial, so its files have one size only\."):
        match_bytes(get_codec("png"), IMAGE, 100)


def test_a_size_below_one_byte_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 1 byte; received 0\."):
        match_bytes(get_codec("jpeg"), IMAGE, 0)


def test_a_start_within_a_percent_of_the_target_is_the_only_position_that_is_encoded() -> None:
    stairs = Staircase([1000 + 20 * position for position in range(60)])
    match = match_bytes(stairs.codec(), IMAGE, 1605, start=SearchEnd(30, 900, 900))
    assert stairs.encoded == [30]
    assert (match.achieved, match.encodes, match.reachable) == (1600, 1, True)


@pytest.mark.parametrize("start", [0, 3, 59, 400])
def test_a_start_elsewhere_changes_nothing_but_the_work(start: float) -> None:
    plain = match_bytes(Staircase(SIXTY).codec(), IMAGE, 412)
    end = SearchEnd(start, 412, 1)
    started = match_bytes(Staircase(SIXTY).codec(), IMAGE, 412, start=end)
    assert started.achieved == plain.achieved


@given(
    steps=st.lists(st.integers(0, 90), min_size=2, max_size=80),
    target=st.integers(900, 6000),
    start=st.integers(0, 80),
    known=st.sets(st.integers(0, 79), max_size=5),
)
def test_what_is_known_before_changes_nothing_but_the_work(
    steps: list[int], target: int, start: int, known: set[int]
) -> None:
    sizes = [1000 + size for size in accumulate(steps)]
    plain = match_bytes(Staircase(sizes).codec(), IMAGE, target)
    files = {float(index): bytes(sizes[index]) for index in known if index < len(sizes)}
    started = match_bytes(Staircase(sizes).codec(), IMAGE, target, files=files)
    assert abs(started.achieved - target) == abs(plain.achieved - target)
    assert started.reachable == plain.reachable
    again = match_bytes(
        Staircase(sizes).codec(), IMAGE, target, bound="at_most", start=SearchEnd(start, 0, 0)
    )
    below = match_bytes(Staircase(sizes).codec(), IMAGE, target, bound="at_most")
    assert again.achieved == below.achieved


def test_a_usual_start_saves_encodes() -> None:
    sizes = [int(1000 * 1.04**position) for position in range(100)]
    stairs = Staircase(sizes)
    match_bytes(stairs.codec(), IMAGE, 17000)
    plain = len(stairs.encoded)
    stairs.encoded.clear()
    match_bytes(stairs.codec(), IMAGE, 17000, start=SearchEnd(75, 0, 0))
    assert len(stairs.encoded) <= 4 < plain


def test_the_end_of_the_same_search_is_encoded_alone_though_it_is_no_close_one() -> None:
    stairs = Staircase([100, 200, 400, 800])
    plain = match_bytes(stairs.codec(), IMAGE, 270)
    assert plain.point.dial is not None
    stairs.encoded.clear()
    end = SearchEnd(plain.point.dial, 270, 200)
    assert match_bytes(stairs.codec(), IMAGE, 270, start=end).achieved == 200
    assert len(stairs.encoded) == 1
