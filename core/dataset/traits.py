"""Four statistics of an image (traits), and whether they are usual among the training images.

A network works best on images like those it was trained on. Each trait is a number with a visible
meaning; an image counts as unlike the training images if a trait is outside the range of 99 % of
them. This is only an indication: an image inside every range can still be unfamiliar to a network,
and one outside can be easy for it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from core.images import Image
from core.metrics.ssim import GREY_WEIGHTS
from core.store import ArtifactStore
from core.store.key import DEFAULT_DATASET, file_name

#: Percentiles of the training images that bound the usual range.
PERCENTILES = (0.5, 99.5)
#: An image is measured in blocks of the size of a training image, for comparable statistics.
BLOCK_SIDE = 160
_BLOCKS_PER_AXIS = 5
#: Texture, detail and contrast are not meaningful for an image with a shorter side.
SMALLEST_SIDE = 16


@dataclass(frozen=True)
class Trait:
    """A statistic of an image.

    Attributes:
        name: Key in the artifact.
        meaning: Description on the screen.
        low: What images with an unusually low value are like.
        high: What images with an unusually high value are like.
        measure: The number of a block, uint8 RGB.
        low_kind: A kind of image with an unusually low value, as in "looks like ...".
        high_kind: A kind of image with an unusually high value.
    """

    name: str
    meaning: str
    low: str
    high: str
    measure: Callable[[Image], float]
    low_kind: str
    high_kind: str


@dataclass(frozen=True)
class Oddity:
    """A trait in which an image lies outside the range of the training images.

    Attributes:
        trait: The trait.
        value: Of the image.
        lowest: Lower end of the range.
        highest: Upper end of the range.
    """

    trait: Trait
    value: float
    lowest: float
    highest: float

    @property
    def likeness(self) -> str:
        """Kind of image that has such a value, as in "looks like ..."."""
        return self.trait.low_kind if self.value < self.lowest else self.trait.high_kind

    @property
    def sentence(self) -> str:
        """What is unusual, with the numbers."""
        likeness = self.trait.low if self.value < self.lowest else self.trait.high
        return (
            f"{self.trait.meaning} is {self.value:.3g}, that of the training images "
            f"{self.lowest:.3g} to {self.highest:.3g}: {likeness}."
        )


def flatness(block: Image) -> float:
    """Percentage of pixels that equal their right neighbour exactly."""
    if block.shape[1] < 2:
        return 0.0
    return 100 * float((block[:, 1:] == block[:, :-1]).all(axis=2).mean())


def detail(block: Image) -> float:
    """Mean absolute Laplacian of the grey image, in grey levels; 0 below 3 pixels a side."""
    grey = _grey(block)
    if min(grey.shape) < 3:
        return 0.0
    neighbours = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float(np.abs(4 * grey[1:-1, 1:-1] - neighbours).mean())


def contrast(block: Image) -> float:
    """Standard deviation of the grey image, in grey levels."""
    return float(_grey(block).std())


def colourfulness(block: Image) -> float:
    """Colourfulness by Hasler and Suesstrunk, "Measuring colourfulness in natural images", 2003.

    https://doi.org/10.1117/12.477378, equation for M(3): 0 is grey, above about 100 is extreme.
    """
    red, green, blue = np.moveaxis(block.astype(np.float64), 2, 0)
    opponents = red - green, (red + green) / 2 - blue
    spread = np.hypot(*(channel.std() for channel in opponents))
    offset = np.hypot(*(channel.mean() for channel in opponents))
    return float(spread + 0.3 * offset)


TRAITS = (
    Trait(
        "flatness",
        "The share of pixels equal to their right neighbour (%)",
        "there is noise or texture everywhere",
        "it has plain areas, as screenshots and drawings do",
        flatness,
        "noise or fine texture",
        "a screenshot",
    ),
    Trait(
        "detail",
        "The fine detail (mean Laplacian, in grey levels)",
        "it is smoother, as an enlarged or blurred photograph is",
        "it is busier, as text and noise are",
        detail,
        "a blurred or enlarged photograph",
        "text or noise",
    ),
    Trait(
        "contrast",
        "The contrast (standard deviation of grey)",
        "it is nearly even",
        "it is nearly black and white",
        contrast,
        "an almost even area",
        "black-and-white text or line art",
    ),
    Trait(
        "colourfulness",
        "The colourfulness (Hasler and Süsstrunk)",
        "it has hardly any colour",
        "its colours are stronger",
        colourfulness,
        "a black-and-white photograph",
        "an image of unusually strong colours",
    ),
)


def measure_traits(image: Image) -> dict[str, float]:
    """Each trait by name, as the mean over at most 25 evenly spread blocks of the image.

    Args:
        image: Image, uint8 (H, W, 3).
    """
    blocks = [
        image[top : top + BLOCK_SIDE, left : left + BLOCK_SIDE]
        for top in _starts(image.shape[0])
        for left in _starts(image.shape[1])
    ]
    return {
        trait.name: float(np.mean([trait.measure(block) for block in blocks])) for trait in TRAITS
    }


def oddities(image: Image, ranges: Mapping[str, tuple[float, float]]) -> list[Oddity]:
    """Traits in which an image is outside the ranges; empty for an image that is too small.

    Args:
        image: Image, uint8 (H, W, 3).
        ranges: Lowest and highest usual value by the trait's name, as `load_ranges` gives them.
    """
    if min(image.shape[:2]) < SMALLEST_SIDE:
        return []
    values = measure_traits(image)
    return [
        Oddity(trait, values[trait.name], *ranges[trait.name])
        for trait in TRAITS
        if trait.name in ranges
        and not ranges[trait.name][0] <= values[trait.name] <= ranges[trait.name][1]
    ]


def ranges_of(measured: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    """Usual range of each trait over some images, between `PERCENTILES`."""
    found = {}
    for trait in TRAITS:
        values = [traits[trait.name] for traits in measured]
        low, high = np.percentile(values, PERCENTILES)
        found[trait.name] = (float(low), float(high))
    return found


def ranges_key(dataset: str = DEFAULT_DATASET) -> str:
    """Artifact with the usual ranges over the training images of a data set."""
    return f"statistics/{dataset}"


def ranges_file(dataset: str = DEFAULT_DATASET) -> str:
    """Name of the file with the usual ranges."""
    return file_name(ranges_key(dataset), "json")


def load_ranges(
    store: ArtifactStore, *, dataset: str = DEFAULT_DATASET
) -> dict[str, tuple[float, float]]:
    """Usual ranges over the training images of a data set, by the trait's name.

    Raises:
        ArtifactError: They are missing or damaged.
    """
    return store.load(
        ranges_key(dataset),
        lambda artifact: artifact.parsed(
            artifact.file("json"), _parse_ranges, reason="holds no ranges of traits"
        ),
    )


def _parse_ranges(data: bytes) -> dict[str, tuple[float, float]]:
    ranges = json.loads(data)["ranges"]
    return {name: (float(low), float(high)) for name, (low, high) in ranges.items()}


def _grey(block: Image) -> NDArray[np.float64]:
    return np.asarray(block @ GREY_WEIGHTS, dtype=np.float64)


@cache
def _starts(side: int) -> list[int]:
    """Where blocks begin along an axis: evenly from the first to the last that fits."""
    room = max(0, side - BLOCK_SIDE)
    count = min(_BLOCKS_PER_AXIS, -(-side // BLOCK_SIDE))
    return sorted({round(start) for start in np.linspace(0, room, count)})
