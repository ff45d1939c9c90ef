"""Previews: a model's reconstructions of the same six small images at one epoch or trial.

The images are crops of photographs inside the scikit-image wheel, so a preview may be published in
git, which an image of the data set may not. A preview is the six images side by side. Previews of
several epochs or trials are stored one below another in one lossless PNG; the facts of its artifact
say which epoch or trial each row belongs to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.dataset.splits import sample_images
from core.images import Image
from core.intake.decode import decode_image
from core.intake.errors import Limits
from core.metrics import psnr_db
from core.png import encode_png
from core.store import Artifact, ArtifactStore

#: Height and width of each image, in pixels.
SIDE = 64

#: Fact of an artifact: number of each row of its PNG, from the top.
PREVIEWS = "strips"

#: Quality in 1..100 of the previews of a model that has a quality setting.
PREVIEW_QUALITY = 30

#: Limit on the pixels of a PNG, enough for thousands of previews; the file is already verified.
_LIMITS = Limits(max_bytes=2**30, max_pixels=80_000_000)


class PreviewCrop(NamedTuple):
    """Position of an image's crop.

    Attributes:
        title: What the image shows.
        photograph: Title of the built-in photograph.
        top: First row.
        left: First column.
    """

    title: str
    photograph: str
    top: int
    left: int


#: A face, fine and coarse texture, highlights, thin lines, and a flat gradient.
PREVIEW_CROPS = (
    PreviewCrop("Face", "Astronaut (portrait)", 78, 192),
    PreviewCrop("Eye of a cat", "Chelsea (cat)", 82, 134),
    PreviewCrop("Spoon", "Coffee cup", 256, 320),
    PreviewCrop("Engine", "Motorcycle in a garage", 262, 372),
    PreviewCrop("Lattice tower", "Rocket on its pad", 188, 20),
    PreviewCrop("Evening sky", "Rocket on its pad", 20, 240),
)

_SHAPE = (SIDE, len(PREVIEW_CROPS) * SIDE, 3)


@cache
def preview_originals() -> NDArray[np.uint8]:
    """The six images, uint8, shape (6, 64, 64, 3), read-only."""
    photographs = sample_images()
    crops = [
        photographs[crop.photograph][crop.top :, crop.left :][:SIDE, :SIDE]
        for crop in PREVIEW_CROPS
    ]
    images = np.stack(crops)
    images.flags.writeable = False
    return images


def join_preview(images: NDArray[np.uint8]) -> Image:
    """The six images side by side, shape (64, 384, 3).

    Args:
        images: uint8, shape (6, 64, 64, 3).
    """
    return np.concatenate(list(images), axis=1)


def split_preview(preview: Image) -> NDArray[np.uint8]:
    """Inverse of `join_preview`: the images of a preview, shape (6, 64, 64, 3)."""
    return np.stack(np.split(preview, len(PREVIEW_CROPS), axis=1))


def preview_psnr_db(preview: Image) -> float:
    """Mean over the six images of their PSNR in dB; infinite where one has no error."""
    pairs = zip(preview_originals(), split_preview(preview), strict=True)
    return float(np.mean([psnr_db.measure(*pair) for pair in pairs]))


def encode_previews(previews: Sequence[Image]) -> bytes:
    """Lossless PNG of one or more previews, one below another.

    Raises:
        ValueError: One of them is not a preview.
    """
    for preview in previews:
        if preview.shape != _SHAPE or preview.dtype != np.uint8:
            raise ValueError(
                f"A preview is uint8 of shape {_SHAPE}; "
                f"received {preview.dtype} of {preview.shape}."
            )
    return encode_png(np.concatenate(list(previews)))


def decode_previews(data: bytes) -> list[Image]:
    """Previews of a PNG from the top.

    Raises:
        ValueError: It is no image, or one of another size.
    """
    pixels = decode_image(data, limits=_LIMITS).pixels
    height, width, _ = pixels.shape
    if width != _SHAPE[1] or height % SIDE:
        raise ValueError(
            f"Previews are {_SHAPE[1]} pixels wide and {SIDE} high each; received an image of "
            f"{width} x {height}."
        )
    return [pixels[top : top + SIDE] for top in range(0, height, SIDE)]


@dataclass
class PreviewStack:
    """Previews by ascending number; the PNG is only encoded again after a change.

    Attributes:
        rows: Preview by its number.
    """

    rows: dict[int, Image] = field(default_factory=dict)
    _encoded: bytes | None = None

    @property
    def numbers(self) -> list[int]:
        """Numbers of the previews, from the top."""
        return list(self.rows)

    def append(self, number: int, preview: Image) -> None:
        """Adds a preview at the bottom.

        Raises:
            ValueError: There is one of this number or a higher one.
        """
        if self.rows and number <= self.numbers[-1]:
            raise ValueError(
                f"Previews rise in number; received {number} after {self.numbers[-1]}."
            )
        self.rows[number] = preview
        self._encoded = None

    def replace(self, rows: Mapping[int, Image]) -> None:
        """Replaces all previews."""
        self.rows = dict(sorted(rows.items()))
        self._encoded = None

    def to_png(self) -> bytes:
        """The previews as one PNG; there must be one."""
        if self._encoded is None:
            self._encoded = encode_previews(list(self.rows.values()))
        return self._encoded


class KeptPreviews(NamedTuple):
    """Previews of an artifact.

    Attributes:
        rows: Preview by its number.
        facts: Facts of the same commit.
    """

    rows: dict[int, Image]
    facts: Mapping[str, Any]


def read_previews(store: ArtifactStore, key: str) -> KeptPreviews:
    """Previews of an artifact; empty if it has none.

    Raises:
        ArtifactError: The artifact or its PNG is missing or damaged.
    """
    return store.load(key, _kept_previews)


def _kept_previews(artifact: Artifact) -> KeptPreviews:
    numbers = artifact.facts.get(PREVIEWS) or []
    if not numbers:
        return KeptPreviews({}, artifact.facts)

    def rows(data: bytes) -> dict[int, Image]:
        return dict(zip(numbers, decode_previews(data), strict=True))

    reason = "does not hold the previews that its manifest names"
    return KeptPreviews(artifact.parsed(artifact.file("png"), rows, reason=reason), artifact.facts)
