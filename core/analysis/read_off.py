"""Curves interpolated at one quality or at one rate."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core.analysis.equal_quality import rate_at
from core.evaluation.measurements import Curve
from core.metrics import sign_of

#: Columns of a table of interpolated values.
COLUMNS = ("codec", "bits_per_pixel", "bytes", "value", "ratio")


def value_at(curve: Curve, bits_per_pixel: float) -> float | None:
    """Quality that a curve reaches at a rate; None outside what was measured.

    Between two measured points the quality is linear in the logarithm of the rate, as in
    `core.analysis.equal_quality.rate_at`. A larger rate never counts as worse.
    """
    rates = np.asarray(curve.bits_per_pixel)
    if not len(rates) or not rates[0] <= bits_per_pixel <= rates[-1]:
        return None
    best = np.maximum.accumulate(curve.goodness)
    return sign_of(curve.metric) * float(np.interp(np.log(bits_per_pixel), np.log(rates), best))


def read_at_quality(
    curves: Mapping[str, Curve], value: float, *, pixels: float | None, reference: str | None
) -> pd.DataFrame:
    """Rate of every codec at one quality, the fewest bytes first.

    Columns: `COLUMNS`; `ratio` is the rate divided by the reference's. A codec that does not
    reach the quality has no rate and stands last.

    Args:
        curves: Curve by codec.
        value: The quality, in the unit of the curves' metric.
        pixels: Number of pixels of every image, which turns a rate into bytes; None where images
            differ in it, and there are no bytes.
        reference: Codec that the ratio is against; None for no ratio.
    """
    rates = {codec: rate_at(curve, value) for codec, curve in curves.items()}
    base = rates.get(reference) if reference else None
    rows = [
        (codec, rate, _bytes(rate, pixels), value, rate / base if rate and base else None)
        for codec, rate in rates.items()
    ]
    return _sorted(rows, by="bits_per_pixel", ascending=True)


def read_at_rate(
    curves: Mapping[str, Curve], bits_per_pixel: float, *, pixels: float | None
) -> pd.DataFrame:
    """Quality of every codec at one rate, the best first.

    Columns: `COLUMNS` without a ratio, for the bytes are equal.

    Args:
        curves: Curve by codec.
        bits_per_pixel: The rate.
        pixels: As in `read_at_quality`.
    """
    size = _bytes(bits_per_pixel, pixels)
    rows = [
        (codec, bits_per_pixel, size, value_at(curve, bits_per_pixel), None)
        for codec, curve in curves.items()
    ]
    smaller_first = any(sign_of(curve.metric) < 0 for curve in curves.values())
    return _sorted(rows, by="value", ascending=smaller_first)


def _bytes(rate: float | None, pixels: float | None) -> float | None:
    return None if rate is None or pixels is None else rate * pixels / 8


def _sorted(
    rows: Sequence[tuple[str, float | None, float | None, float | None, float | None]],
    *,
    by: str,
    ascending: bool,
) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*COLUMNS])
    numbers = dict.fromkeys(COLUMNS[1:], "float64")
    return frame.astype(numbers).sort_values(
        by, ascending=ascending, na_position="last", ignore_index=True
    )
