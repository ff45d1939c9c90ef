"""Brings samples of any depth to 8 bits."""

import numpy as np
from numpy.typing import NDArray

from core.intake.errors import ImageError

#: Samples reduced at a time, which bounds the memory for intermediate values.
_SAMPLES_AT_ONCE = 1 << 20


def reduce_depth(values: NDArray[np.generic], white_level: float) -> NDArray[np.uint8]:
    """Samples on 0..255, rounded to the nearest; `white_level` becomes 255.

    Args:
        values: Unsigned integers or finite floats, at least one.
        white_level: Sample that means white; larger ones are clipped.
    """
    if values.dtype == np.uint8 and white_level == 255:
        return np.asarray(values, np.uint8)
    reduced = np.empty(values.shape, np.uint8)
    rows = max(1, _SAMPLES_AT_ONCE // values[0].size)
    for start in range(0, values.shape[0], rows):
        part = values[start : start + rows].astype(np.float64) * 255
        reduced[start : start + rows] = np.floor(np.clip(part / white_level, 0, 255) + 0.5)
    return reduced


def stretch(values: NDArray[np.generic]) -> tuple[NDArray[np.float32], str]:
    """Samples without a stated white, from least to greatest on 0..1, and a note that says so.

    Raises:
        ImageError: A sample is NaN or infinite.
    """
    check_finite(values)
    lowest, highest = float(values.min()), float(values.max())
    span = highest - lowest if highest > lowest else 1.0
    stretched = np.empty(values.shape, np.float32)
    rows = max(1, _SAMPLES_AT_ONCE // values[0].size)
    for start in range(0, values.shape[0], rows):
        part = values[start : start + rows].astype(np.float64)
        stretched[start : start + rows] = (part - lowest) / span
    note = f"Values from {lowest:g} to {highest:g} were rescaled to 0 to 255."
    return stretched, note


def check_finite(samples: NDArray[np.generic]) -> None:
    """Refuses samples that are not finite.

    Raises:
        ImageError: A sample is NaN or infinite.
    """
    if samples.dtype.kind == "f" and not np.isfinite(samples).all():
        raise ImageError(
            "The image has samples that are not finite numbers (NaN or infinity); "
            "only finite ones are accepted."
        )
