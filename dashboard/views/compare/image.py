"""An image that codecs are compared on, and compressed versions of it."""

from dataclasses import dataclass, replace

from core.images import Image
from dashboard.data.crops import middle_of

#: Side of the central crop of a large image.
PART_SIDE = 1024


@dataclass(frozen=True, eq=False)
class ChosenImage:
    """The image that codecs are compared on.

    Attributes:
        pixels: The image, read-only.
        digest: Hash of what it was made from; equal digests are equal images.
        source: What it is, as Markdown.
        notes: Sentences on what the intake changed.
        upload_bytes: Size of the uploaded file; None for a sample.
        name: Name of the uploaded file.
    """

    pixels: Image
    digest: str
    source: str
    notes: tuple[str, ...] = ()
    upload_bytes: int | None = None
    name: str = ""

    @property
    def pixel_count(self) -> int:
        """Width times height."""
        height, width = self.pixels.shape[:2]
        return int(height * width)

    def middle_part(self) -> "ChosenImage":
        """The centre of the image at full resolution, at most `PART_SIDE` pixels a side."""
        pixels = middle_of(self.pixels, PART_SIDE)
        pixels.flags.writeable = False
        return replace(
            self,
            pixels=pixels,
            digest=f"{self.digest} middle",
            source=f"{self.source}, centre",
            upload_bytes=None,
        )


@dataclass(frozen=True, eq=False)
class Version:
    """A compressed version of the image that the user made.

    Attributes:
        image: The image in the file.
        name: Name of the file.
        data: The file.
    """

    image: ChosenImage
    name: str
    data: bytes


@dataclass(frozen=True, eq=False)
class Selection:
    """The user's images to compare.

    Attributes:
        images: At least one; codecs are compared on each.
        shown: The one among them that is shown.
        versions: Compressed versions of the one that is shown.
    """

    images: tuple[ChosenImage, ...]
    shown: ChosenImage
    versions: tuple[Version, ...] = ()
