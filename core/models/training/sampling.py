"""Batches assembled on the device: training images, crops of photographs, and augmentation."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from core.models.tensor import Tensor
from core.models.training.variation import PHOTOGRAPH_SHARE, ZOOMED_SHARE, ZOOMS

_CHANNELS = 3


class TrainingImages(NamedTuple):
    """Images on the device.

    Attributes:
        images: uint8, shape (count, side, side, 3).
        photographs: Values of all photographs one after another, uint8; None if there are none.
        table: First value, height and width of each photograph, int32, shape (photographs, 3);
            likewise.
    """

    images: Tensor
    photographs: Tensor = None
    table: Tensor = None


#: Maps images on the device, the rows of a batch and a random key to the batch, uint8.
Sampler = Callable[[TrainingImages, Tensor, Tensor], Tensor]


def plain(data: TrainingImages, rows: Tensor, key: Tensor) -> Tensor:
    """The images of the rows, unchanged."""
    return data.images[rows]


def varied(data: TrainingImages, rows: Tensor, key: Tensor) -> Tensor:
    """The images of the rows, randomly flipped, transposed, zoomed; some replaced by crops."""
    batch = data.images[rows]
    cut, chosen, mirrored, turned, zoomed = jax.random.split(key, 5)
    if data.photographs is not None:
        crops = crops_of(data, cut, count=len(rows), side=batch.shape[1])
        batch = jnp.where(_coins(chosen, len(rows), PHOTOGRAPH_SHARE), crops, batch)
    batch = jnp.where(_coins(mirrored, len(rows), 0.5), batch[:, :, ::-1], batch)
    batch = jnp.where(_coins(turned, len(rows), 0.5), jnp.swapaxes(batch, 1, 2), batch)
    chosen, scale = jax.random.split(zoomed)
    return jnp.where(_coins(chosen, len(rows), ZOOMED_SHARE), _zoomed(batch, scale), batch)


def crops_of(data: TrainingImages, key: Tensor, *, count: int, side: int) -> Tensor:
    """Random square crops of photographs, each in proportion to its pixels.

    They are uint8, of shape (count, side, side, 3).

    Args:
        data: Images with photographs, none of which has a side below `side`.
        key: Random key.
        count: Number of crops.
        side: Side of a crop in pixels.
    """
    which, top, left = jax.random.split(key, 3)
    pixels = jnp.log(data.table[:, 1].astype("float32") * data.table[:, 2])
    chosen = data.table[jax.random.categorical(which, pixels, shape=(count,))]
    first, height, width = chosen[:, 0], chosen[:, 1], chosen[:, 2]
    tops = jax.random.randint(top, (count,), 0, height - side + 1)
    lefts = jax.random.randint(left, (count,), 0, width - side + 1)
    lines = tops[:, None] + jnp.arange(side)
    starts = first[:, None] + _CHANNELS * (lines * width[:, None] + lefts[:, None])
    indices = starts[:, :, None] + jnp.arange(_CHANNELS * side)
    return data.photographs[indices].reshape(count, side, side, _CHANNELS)


def on_device(
    images: NDArray[np.uint8],
    photographs: NDArray[np.uint8] | None = None,
    table: NDArray[np.int32] | None = None,
) -> TrainingImages:
    """Copies images, and photographs if there are any, to the device."""
    found = TrainingImages(jnp.asarray(np.asarray(images)))
    if photographs is None or table is None:
        return found
    return found._replace(
        photographs=jnp.asarray(np.asarray(photographs)), table=jnp.asarray(table)
    )


def _coins(key: Tensor, count: int, share: float) -> Tensor:
    return jax.random.bernoulli(key, share, (count, 1, 1, 1))


def _zoomed(batch: Tensor, key: Tensor) -> Tensor:
    """The centre of each image, enlarged to the image's size."""
    factors = jax.random.uniform(key, (len(batch),), minval=ZOOMS[0], maxval=ZOOMS[1])
    side = batch.shape[1]

    def one(image: Tensor, factor: Tensor) -> Tensor:
        scale = jnp.stack([factor, factor])
        moved = 0.5 * side * (1.0 - scale)
        return jax.image.scale_and_translate(
            image.astype("float32"), image.shape, (0, 1), scale, moved, method="cubic"
        )

    values = jax.vmap(one)(batch, factors)
    return jnp.clip(jnp.round(values), 0, 255).astype("uint8")
