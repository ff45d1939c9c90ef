"""Variations of training images, made on the CPU: mirrored, transposed, zoomed; and crops.

`core.models.training.sampling` makes the same of images that lie on an accelerator.
"""

from dataclasses import dataclass

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from core.dataset.training_photographs import Photographs
from core.models.training.feed import Images

#: Share of a batch that is cropped from photographs, if there are any. Those that this was chosen
#: with hold two fifths of all pixels that there were to train on.
PHOTOGRAPH_SHARE = 0.4

#: Share of the images that are zoomed into, and the range of the zoom.
ZOOMED_SHARE = 0.15
ZOOMS = (1.1, 1.3)

_HALF = 0.5


@dataclass(frozen=True)
class Variation:
    """How training images are varied.

    Attributes:
        photographs: Images of any size, crops of which replace some of a batch, if there are any.
    """

    photographs: Photographs | None = None

    def of_epoch(self, *, seed: int, epoch: int, side: int) -> "EpochVariation":
        """The variation of an epoch's batches: a function of seed, epoch and step alone.

        So a resumed training sees the same batches as an uninterrupted one.

        Args:
            seed: Seed of what is random.
            epoch: Number of the epoch, from 0.
            side: Height and width of the images.

        Raises:
            Refusal: No photograph has sides so long.
        """
        crops = None if self.photographs is None else Crops(self.photographs, side)
        return EpochVariation(crops, (seed, epoch))


@dataclass(frozen=True)
class EpochVariation:
    """Makes the batches of one epoch.

    Attributes:
        crops: What replaces some of a batch, if anything does.
        entropy: Seed, and number of the epoch.
    """

    crops: "Crops | None"
    entropy: tuple[int, int]

    def __call__(self, batch: Images, *, step: int) -> Images:
        """The batch of a step, varied.

        Args:
            batch: uint8, shape (count, side, side, 3).
            step: Number of the step in the epoch, from 0.
        """
        chance = np.random.default_rng((*self.entropy, step))
        return np.stack([self._varied(image, chance) for image in batch])

    def _varied(self, image: Images, chance: np.random.Generator) -> Images:
        if self.crops is not None and chance.random() < PHOTOGRAPH_SHARE:
            image = self.crops.draw(chance)
        if chance.random() < _HALF:
            image = image[:, ::-1]
        if chance.random() < _HALF:
            image = image.swapaxes(0, 1)
        if chance.random() < ZOOMED_SHARE:
            image = _zoomed(image, chance.uniform(*ZOOMS))
        return image


class Crops:
    """Random squares of photographs, each pixel of which is about equally likely to be seen.

    Args:
        photographs: Images of any size.
        side: Height and width of a crop.

    Raises:
        Refusal: No photograph has sides so long.
    """

    def __init__(self, photographs: Photographs, side: int) -> None:
        self._photographs = photographs
        self._rows = photographs.large(side)
        self._shares = _pixel_shares(self._rows)
        self._side = side

    def draw(self, chance: np.random.Generator) -> Images:
        """A crop, uint8, shape (side, side, 3)."""
        photograph = self._photographs.pixels(chance.choice(self._rows, p=self._shares))
        height, width = photograph.shape[:2]
        top = chance.integers(height - self._side + 1)
        left = chance.integers(width - self._side + 1)
        return photograph[top : top + self._side, left : left + self._side]


def _pixel_shares(rows: NDArray[np.int32]) -> NDArray[np.float64]:
    """Share of each photograph in the pixels of all.

    Args:
        rows: Rows of the table of photographs.
    """
    pixels = rows[:, 1:].prod(axis=1, dtype=np.float64)
    shares: NDArray[np.float64] = pixels / pixels.sum()
    return shares


def _zoomed(image: Images, factor: float) -> Images:
    """The centre of an image, enlarged to the image's size."""
    side = len(image)
    margin = 0.5 * side * (1.0 - 1.0 / factor)
    found = PIL.Image.fromarray(np.ascontiguousarray(image)).resize(
        (side, side),
        PIL.Image.Resampling.BICUBIC,
        box=(margin, margin, side - margin, side - margin),
    )
    return np.asarray(found)
