from pathlib import Path

import numpy as np

from core.models.training.feed import (
    ImageFeed,
    Images,
    epoch_rows,
    shuffled,
    spread_rows,
    step_count,
)


def _all(feed: ImageFeed) -> Images:
    return np.concatenate([feed[index][0] for index in range(len(feed))])


def test_an_epochs_order_depends_on_seed_and_epoch_alone() -> None:
    order = shuffled(100, seed=3, epoch=7)

    assert sorted(order) == list(range(100))
    np.testing.assert_array_equal(order, shuffled(100, seed=3, epoch=7))
    assert not np.array_equal(order, shuffled(100, seed=3, epoch=8))
    assert not np.array_equal(order, shuffled(100, seed=4, epoch=7))


def test_a_pass_gives_every_image_once_in_the_order(images: Images) -> None:
    order = shuffled(len(images), seed=0, epoch=0)
    feed = ImageFeed(images, order, batch=6)

    assert len(feed) == step_count(len(images), 6) == 4
    np.testing.assert_array_equal(_all(feed), images[order])


def test_a_pass_that_starts_late_gives_what_is_left(images: Images) -> None:
    order = shuffled(len(images), seed=0, epoch=0)
    feed = ImageFeed(images, order, batch=6, first_step=2)

    np.testing.assert_array_equal(_all(feed), images[order][12:])


def test_images_on_the_disk_are_read_as_they_are(images: Images, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    order = np.arange(len(images))

    np.testing.assert_array_equal(_all(ImageFeed(mapped, order, batch=6)), images)
    np.testing.assert_array_equal(_all(ImageFeed(mapped[5:9], order[:4], batch=6)), images[5:9])


def test_keras_gets_the_same_batches_without_the_thread_that_tunes(images: Images) -> None:
    order = shuffled(len(images), seed=0, epoch=0)
    given = ImageFeed(images, order, batch=6).for_keras()

    assert len(given) == 4
    assert given.options().autotune.enabled is False
    found = np.concatenate([batch.numpy() for (batch,) in given])
    np.testing.assert_array_equal(found, images[order])


def test_epochs_of_any_length_are_parts_of_one_row_of_shuffled_passes() -> None:
    def rows(epoch: int) -> list[int]:
        return epoch_rows(10, images=7, seed=1, epoch=epoch).tolist()

    passes = [row for number in range(3) for row in shuffled(10, seed=1, epoch=number)]
    assert rows(0) + rows(1) + rows(2) == passes[:21]
    whole = epoch_rows(10, images=10, seed=1, epoch=2)
    np.testing.assert_array_equal(whole, shuffled(10, seed=1, epoch=2))


def test_rows_are_spread_over_all_classes_of_a_sorted_split() -> None:
    assert spread_rows(4, 10).tolist() == [0, 2, 5, 7]
    assert spread_rows(20, 3).tolist() == [0, 1, 2]
