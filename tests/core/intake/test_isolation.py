"""A crash, a loop or a hunger for memory in a decoder costs one image and nothing else."""

import io
import time
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from core.intake.decode import decode_image
from core.intake.door import DEFAULT_LIMITS
from core.intake.errors import ImageError, Limits
from core.intake.isolation import WorkerPool, decode_image_isolated
from core.png import encode_png
from tests.core.intake.hostile_decoding import PIXELS, PNG, is_running, process_of, ran


def test_an_isolated_image_is_the_same_image() -> None:
    rgba = io.BytesIO()
    Image.new("RGBA", (31, 17), (10, 20, 30, 40)).save(rgba, "PNG")
    for data in (PNG, rgba.getvalue()):
        isolated, direct = decode_image_isolated(data), decode_image(data)
        np.testing.assert_array_equal(isolated.pixels, direct.pixels)
        assert (isolated.format, isolated.notes) == (direct.format, direct.notes)
        assert isolated.pixels.flags.writeable


@pytest.mark.parametrize("data", [b"", b"hello", PNG[:-50], PNG[:50], b"\xff\x0a", None])
def test_an_isolated_refusal_is_the_same_sentence(data: bytes) -> None:
    with pytest.raises(ImageError) as direct:
        decode_image(data)
    with pytest.raises(ImageError) as isolated:
        decode_image_isolated(data)
    assert str(isolated.value) == str(direct.value)


def test_limits_reach_the_worker() -> None:
    with pytest.raises(ImageError, match="received 53 x 37 pixels"):
        decode_image_isolated(PNG, limits=Limits(max_pixels=1960))
    with pytest.raises(ImageError, match="MB are accepted"):
        decode_image_isolated(PNG, limits=Limits(max_bytes=100))


@pytest.mark.parametrize(
    "name",
    ["abort", "read_null", "leave", "raise_foreign"]
    + [f"answer_{lie}" for lie in ("four_channels", "too_many_pixels")],
)
def test_a_worker_that_dies_or_lies_costs_one_image(
    name: str, hostile: ModuleType, pool: WorkerPool
) -> None:
    before = process_of(pool, hostile)
    with pytest.raises(ImageError, match=r"^The file is refused: reading it broke the decoder\.$"):
        decode_image_isolated(PNG, decode=getattr(hostile, name), pool=pool)
    assert ran(name, hostile)
    assert process_of(pool, hostile) != before
    np.testing.assert_array_equal(decode_image_isolated(PNG, pool=pool).pixels, PIXELS)


@pytest.mark.parametrize("name", ["sleep", "compute"])
def test_a_decoder_that_never_ends_is_ended(
    name: str, hostile: ModuleType, pool: WorkerPool
) -> None:
    process = process_of(pool, hostile)
    started = time.monotonic()
    with pytest.raises(ImageError, match="reading it took longer than 1 seconds"):
        decode_image_isolated(PNG, decode=getattr(hostile, name), timeout_seconds=1, pool=pool)
    assert ran(name, hostile)
    assert time.monotonic() - started < 5
    assert not is_running(process)


def test_a_decoder_that_eats_memory_is_refused_and_its_worker_goes_on(
    hostile: ModuleType, pool: WorkerPool
) -> None:
    before = process_of(pool, hostile)
    with pytest.raises(ImageError, match="needs more memory than it may take"):
        decode_image_isolated(PNG, decode=hostile.eat_memory, memory_bytes=100_000_000, pool=pool)
    assert ran("eat_memory", hostile)
    assert process_of(pool, hostile) == before


def test_a_large_image_needs_and_gets_its_memory(pool: WorkerPool) -> None:
    data = encode_png(np.zeros((3000, 4000, 3), np.uint8))
    with pytest.raises(ImageError, match="needs more memory than it may take"):
        decode_image_isolated(data, memory_bytes=20_000_000, pool=pool)
    assert decode_image_isolated(data, pool=pool).pixels.shape == (3000, 4000, 3)


def test_what_a_library_prints_does_not_disturb_the_answer(
    hostile: ModuleType, pool: WorkerPool
) -> None:
    for _ in range(2):
        image = decode_image_isolated(PNG, decode=hostile.print_and_decode, pool=pool)
        np.testing.assert_array_equal(image.pixels, PIXELS)


@pytest.mark.slow
def test_decoding_ends_when_its_processor_time_is_used_up(
    hostile: ModuleType, pool: WorkerPool
) -> None:
    with pytest.raises(ImageError, match="took longer than an image of its size may"):
        decode_image_isolated(PNG, decode=hostile.compute, timeout_seconds=300, pool=pool)


@pytest.mark.parametrize(
    ("side", "limits", "granted"),
    [(100, DEFAULT_LIMITS, 5), (4000, DEFAULT_LIMITS, 20), (4000, Limits(), 5)],
    ids=["small", "large", "of a visitor"],
)
def test_processor_time_is_granted_by_the_size_in_the_header(
    side: int, limits: Limits, granted: int, hostile: ModuleType, pool: WorkerPool
) -> None:
    data = encode_png(np.zeros((side, side, 3), np.uint8))
    told = decode_image_isolated(data, limits=limits, decode=hostile.tell_seconds, pool=pool)
    assert granted - 1 < float(told.notes[0]) <= granted + 1


@pytest.mark.parametrize(
    ("side", "spared"), [(100, 250_000_000), (4000, 550_000_000)], ids=["small", "large"]
)
def test_memory_is_granted_by_the_size_in_the_header(
    side: int, spared: int, hostile: ModuleType, pool: WorkerPool
) -> None:
    """300 MB, and 600 MB for 16 megapixels, less what the worker itself takes meanwhile."""
    data = encode_png(np.zeros((side, side, 3), np.uint8))
    granted = int(decode_image_isolated(data, decode=hostile.fill_memory, pool=pool).notes[0])
    assert spared < granted <= spared + 50_000_000
