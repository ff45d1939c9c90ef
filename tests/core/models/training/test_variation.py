import numpy as np
import pytest

from core.dataset.training_photographs import Photographs
from core.errors import Refusal
from core.models.training.feed import ImageFeed
from core.models.training.variation import PHOTOGRAPH_SHARE, Crops, Variation

SIDE = 16


def _images(count: int = 200) -> np.ndarray:
    """Noise below 128, in blocks: no two are alike, and none is a part of a photograph."""
    blocks = np.random.default_rng(0).integers(0, 128, (count, 4, 4, 3), dtype=np.uint8)
    return blocks.repeat(4, axis=1).repeat(4, axis=2)


@pytest.fixture
def photographs() -> Photographs:
    """Three of 20 to 22 rows and 24 columns, and one that is too small; values from 128 on."""
    random = np.random.default_rng(1)
    shapes = [(20, 24, 3), (21, 24, 3), (22, 24, 3), (12, 40, 3)]
    pixels = [random.integers(128, 256, shape, dtype=np.uint8) for shape in shapes]
    starts = np.cumsum([0, *(one.size for one in pixels[:-1])])
    table = [[start, *one.shape[:2]] for start, one in zip(starts, pixels, strict=True)]
    values = np.concatenate([one.ravel() for one in pixels])
    return Photographs(values, np.array(table, np.int32), {})


def test_crops_are_parts_of_all_photographs_that_are_large_enough(photographs) -> None:
    crops, chance = Crops(photographs, SIDE), np.random.default_rng(0)
    large = [photographs.pixels(row) for row in photographs.table[:3]]

    found = set()
    for crop in (crops.draw(chance) for _ in range(300)):
        places = {
            (number, top, left)
            for number, one in enumerate(large)
            for top in range(one.shape[0] - SIDE + 1)
            for left in range(one.shape[1] - SIDE + 1)
            if np.array_equal(crop, one[top : top + SIDE, left : left + SIDE])
        }
        assert len(places) == 1
        found |= places

    assert {number for number, _, _ in found} == {0, 1, 2}
    assert {top for number, top, _ in found if number == 0} == set(range(5))
    assert {left for _, _, left in found} == set(range(9))


def test_a_photograph_is_cropped_as_often_as_it_is_large() -> None:
    large, small = np.full((90, 40, 3), 1, np.uint8), np.full((20, 60, 3), 2, np.uint8)
    table = np.array([[0, 90, 40], [large.size, 20, 60]], np.int32)
    photographs = Photographs(np.concatenate([large.ravel(), small.ravel()]), table, {})
    crops, chance = Crops(photographs, SIDE), np.random.default_rng(0)

    found = [int(crops.draw(chance)[0, 0, 0]) for _ in range(400)]
    assert np.mean(np.equal(found, 1)) == pytest.approx(0.75, abs=0.06)


def test_a_share_of_the_images_gives_way_to_photographs_and_half_lie_in_each_way(
    photographs,
) -> None:
    images = _images()
    found = Variation(photographs).of_epoch(seed=0, epoch=0, side=SIDE)(images, step=0)

    assert found.shape == images.shape
    assert found.dtype == np.uint8
    cropped = np.mean([image.min() >= 100 for image in found])
    assert cropped == pytest.approx(PHOTOGRAPH_SHARE, abs=0.1)
    ways = {"same": 0, "mirrored": 0, "turned": 0, "both": 0}
    for before, after in zip(images, found, strict=True):
        ways["same"] += np.array_equal(after, before)
        ways["mirrored"] += np.array_equal(after, before[:, ::-1])
        ways["turned"] += np.array_equal(after, before.swapaxes(0, 1))
        ways["both"] += np.array_equal(after, before[:, ::-1].swapaxes(0, 1))
    # Of those that are no crops 85 % are not zoomed either.
    kept = (1 - PHOTOGRAPH_SHARE) * 0.85
    assert sum(ways.values()) / len(images) == pytest.approx(kept, abs=0.1)
    assert min(ways.values()) / len(images) > 0.08


def test_what_is_zoomed_is_the_centre_of_the_image() -> None:
    centred = np.zeros((100, SIDE, SIDE, 3), np.uint8)
    centred[:, 6:10, 6:10] = 200
    found = Variation().of_epoch(seed=0, epoch=0, side=SIDE)(centred, step=0)

    sums = found.sum(axis=(1, 2, 3)) / centred[0].sum()
    zoomed = sums > 1.05
    assert 0.05 < zoomed.mean() < 0.3
    # An area grows with the square of 1.1 to 1.3; the symmetric square stays in the middle.
    assert sums[zoomed].min() > 1.15
    assert sums[zoomed].max() < 1.85
    np.testing.assert_array_equal(sums[~zoomed], 1.0)
    for image in found[zoomed].astype(int):
        assert np.abs(image - image[::-1, ::-1]).max() <= 1


def test_a_batch_depends_on_seed_epoch_and_step_alone(photographs) -> None:
    images = _images(40)

    def varied(*, step: int = 3, **own: int) -> np.ndarray:
        turn = {"seed": 1, "epoch": 2} | own
        return Variation(photographs).of_epoch(**turn, side=SIDE)(images, step=step)

    np.testing.assert_array_equal(varied(), varied())
    for other in ({"seed": 2}, {"epoch": 3}, {"step": 4}):
        assert not np.array_equal(varied(), varied(**other))


def test_a_pass_that_starts_late_varies_its_batches_as_a_whole_one(photographs) -> None:
    images = _images(40)
    vary = Variation(photographs).of_epoch(seed=0, epoch=0, side=SIDE)
    order = np.arange(40)
    whole = ImageFeed(images, order, batch=8, vary=vary)
    late = ImageFeed(images, order, batch=8, first_step=2, vary=vary)

    assert not np.array_equal(whole[2][0], images[16:24])
    for index in range(len(late)):
        np.testing.assert_array_equal(late[index][0], whole[index + 2][0])


def test_photographs_that_are_all_too_small_are_refused_before_the_first_step(photographs) -> None:
    with pytest.raises(Refusal, match="No photograph has sides of at least 100 pixels"):
        Variation(photographs).of_epoch(seed=0, epoch=0, side=100)
