"""Batches of images, read from disk on demand."""

import mmap
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]


class Varying(Protocol):
    """Makes other images of those of a step."""

    def __call__(self, batch: Images, *, step: int) -> Images:
        """Images of the same shape."""


class ImageFeed(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of one pass over an array of images, in a given order.

    Args:
        images: uint8, shape (count, height, width, 3); a memory-mapped array is read batch by
            batch and never becomes part of the process's memory as a whole.
        order: Rows of `images` in the order of the pass.
        batch: Images per step; the last step has what is left.
        first_step: Step at which the pass starts; earlier ones were done before a resume.
        vary: What is made of the images of each step; they stay as they are without.
    """

    def __init__(
        self,
        images: Images,
        order: NDArray[np.int64],
        *,
        batch: int,
        first_step: int = 0,
        vary: Varying | None = None,
    ) -> None:
        super().__init__()
        self._images = images
        self._order = order[first_step * batch :]
        self._batch = batch
        self._first_step = first_step
        self._vary = vary

    def __len__(self) -> int:
        return step_count(len(self._order), self._batch)

    def __getitem__(self, index: int) -> tuple[Images]:
        rows = self._order[index * self._batch : (index + 1) * self._batch]
        images = _remapped(self._images)[rows]
        if self._vary is not None:
            images = self._vary(images, step=self._first_step + index)
        return (images,)

    def for_keras(self) -> Any:
        """The same batches in the form that Keras' `fit` and `evaluate` take.

        On TensorFlow this is a `tf.data.Dataset` with autotuning disabled. With Keras' default,
        about every second pass waits a minute at its end for the sleeping autotuning thread.
        """
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf

        signature = (tf.TensorSpec((None, *self._images.shape[1:]), tf.uint8),)
        options = tf.data.Options()
        options.autotune.enabled = False
        batches = tf.data.Dataset.from_generator(
            lambda: (self[index] for index in range(len(self))), output_signature=signature
        )
        counted = batches.apply(tf.data.experimental.assert_cardinality(len(self)))
        return counted.prefetch(1).with_options(options)


def step_count(images: int, batch: int) -> int:
    """Number of steps of a pass over `images` images."""
    return -(-images // batch)


def shuffled(count: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Order of the images in an epoch: a function of seed and epoch alone.

    So a resumed training sees the same batches as an uninterrupted one.
    """
    return np.random.default_rng((seed, epoch)).permutation(count)


def epoch_rows(count: int, *, images: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Rows of an epoch of a fixed size: its part of an endless sequence of shuffled passes.

    Args:
        count: Number of images in the data set.
        images: Images of an epoch.
        seed: Seed of the shuffling.
        epoch: Number of the epoch, from 0.
    """
    first = epoch * images
    passes = range(first // count, (first + images - 1) // count + 1)
    rows = np.concatenate([shuffled(count, seed=seed, epoch=number) for number in passes])
    start = first - passes[0] * count
    return rows[start : start + images]


def spread_rows(count: int, total: int) -> NDArray[np.int64]:
    """Rows spread evenly over all rows, which are sorted by class; all where there are fewer."""
    count = min(count, total)
    return np.arange(count) * total // count


def spread_feed(images: Images, count: int, *, batch: int) -> Any:
    """Batches of this many images, spread evenly, in the form that Keras takes."""
    return ImageFeed(images, spread_rows(count, len(images)), batch=batch).for_keras()


def _remapped(images: Images) -> Images:
    """The same images; if they are memory-mapped, through a new mapping.

    Pages that were read count as the process's memory until their mapping is closed.
    """
    # A part of a mapped array still names the offset of the whole, so it is left as it is.
    if not isinstance(images, np.memmap) or not isinstance(images.base, mmap.mmap):
        return images
    return np.memmap(
        images.filename,
        dtype=images.dtype,
        mode="r",
        offset=images.offset,
        shape=images.shape,
    )
