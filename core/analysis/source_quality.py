"""Signs in results that their images were compressed before: noticed blocks, falling curves."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from core.dataset.compressed_before import is_jpeg_note
from core.evaluation.measurements import Curve
from core.plain_english import counted
from core.store import Manifest

#: Part of a curve's range of values by which quality falls at more bytes, to count as a fall.
_CLEAR_FALL = 0.005


class Fall(NamedTuple):
    """Two neighbouring settings of a curve, of which the larger files have the lower quality.

    Attributes:
        codec: Codec of the curve.
        smaller: Setting with the smaller files.
        larger: Setting with the larger files.
    """

    codec: str
    smaller: str
    larger: str


def first_falls(curves: Iterable[Curve]) -> list[Fall]:
    """First fall of each curve that does not rise steadily with its bytes.

    Args:
        curves: Mean curves, their settings from the lowest rate to the highest.
    """
    return [fall for curve in curves if (fall := _first_fall(curve)) is not None]


def _first_fall(curve: Curve) -> Fall | None:
    if not curve.values:
        return None
    values = curve.goodness
    clear = _CLEAR_FALL * np.ptp(values)
    for index, (before, after) in enumerate(pairwise(values)):
        if before - after > clear:
            return Fall(curve.codec, *curve.settings[index : index + 2])
    return None


def compressed_before_line(
    results: Iterable[Manifest], prepared: Manifest | None, *, images: int
) -> str:
    """Sentence on images with blocks of an earlier JPEG file; empty where none was noticed.

    Args:
        results: Manifests of results, which have the notes on a folder of images.
        prepared: Manifest of the prepared data set, which has the notes on its own.
        images: Number of images that were measured.
    """
    noted = [notes for found in results if (notes := found.facts.get("notes"))]
    if noted:
        count, total = max(map(_count, noted)), images
    elif prepared is not None:
        count = _count(prepared.facts.get("notes", {}))
        total = sum(prepared.facts.get("counts", {}).values())
    else:
        return ""
    if not count:
        return ""
    told = (
        "was probably a JPEG file before: blocks of 8x8 pixels are left in it. It favours"
        if count == 1
        else "were probably JPEG files before: blocks of 8x8 pixels are left in them. They favour"
    )
    return (
        f"{count:,} of {counted(total, 'image')} {told} codecs like JPEG, and curves need not rise "
        "steadily."
    )


def falls_line(falls: Iterable[Fall], labels: Mapping[str, str]) -> str:
    """Sentence that names curves on which more bytes give a lower quality; empty without any."""
    named = [
        f"{labels.get(fall.codec, fall.codec)} ({fall.smaller} to {fall.larger})" for fall in falls
    ]
    if not named:
        return ""
    curves = "the curve" if len(named) == 1 else "the curves"
    return (
        f"More bytes give a lower quality on {curves} of {', '.join(named)}. Images that were "
        "compressed before with a similar codec do that; so does an encoder that is set badly."
    )


def _count(notes: Mapping[str, int]) -> int:
    return sum(number for note, number in notes.items() if is_jpeg_note(note))
