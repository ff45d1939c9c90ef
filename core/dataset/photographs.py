"""All colour photographs that ship with the installed libraries and may be shown."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import PIL.Image

from core.dataset.splits import package_folder, sample_images
from core.images import Image

#: Package and file of the photographs beside those of scikit-image, by title. Grace Hopper's
#: portrait is a photograph of the United States Navy in the public domain.
_FURTHER = {
    "Grace Hopper (portrait)": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
}


def photographs() -> Mapping[str, Image]:
    """The photographs by title, in their original size, each decoded on first access."""
    return _Photographs()


def pieces(photograph: Image, *, side: int = 160) -> list[Image]:
    """Square crops along the diagonal of a photograph, not resized.

    Args:
        photograph: Image of at least `side` pixels a side.
        side: Height and width of a piece.
    """
    height, width = photograph.shape[:2]
    count = max(1, min(3, min(height, width) // side))
    shares = [(number + 1) / (count + 1) for number in range(count)]
    corners = [(round(share * (height - side)), round(share * (width - side))) for share in shares]
    return [
        np.ascontiguousarray(photograph[top : top + side, left : left + side])
        for top, left in corners
    ]


class _Photographs(Mapping[str, Image]):
    """The photographs as a mapping; the arrays are read-only."""

    def __init__(self) -> None:
        self._samples = sample_images()
        self._further = [title for title in _FURTHER if _path(title)]

    def __getitem__(self, title: str) -> Image:
        return _further(title) if title in self._further else self._samples[title]

    def __iter__(self) -> Iterator[str]:
        yield from self._samples
        yield from self._further

    def __len__(self) -> int:
        return len(self._samples) + len(self._further)


@cache
def _further(title: str) -> Image:
    path = _path(title)
    if path is None:
        raise KeyError(title)
    pixels = np.asarray(PIL.Image.open(path).convert("RGB"))
    pixels.flags.writeable = False
    return pixels


def _path(title: str) -> Path | None:
    package, name = _FURTHER[title]
    folder = package_folder(package)
    return folder / name if folder and (folder / name).is_file() else None
