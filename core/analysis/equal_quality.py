"""Ratio of a method's bytes to those that another codec needs at the same PSNR."""

from typing import NamedTuple

import numpy as np

from core.analysis.findings import MethodRow
from core.evaluation.measurements import Curve
from core.metrics import sign_of


class EqualQuality(NamedTuple):
    """Rate of a reference codec at the PSNR of a method.

    Attributes:
        bits_per_pixel: Rate of the reference at the method's PSNR.
        ratio: Bytes of the method divided by those of the reference.
    """

    bits_per_pixel: float
    ratio: float


def rate_at(curve: Curve, value: float) -> float | None:
    """Bits per pixel at which a curve reaches a quality; None outside what was measured.

    Between two measured points the logarithm of the rate is linear in the quality. Where a larger
    rate gives no better quality, the smaller rate counts.
    """
    if not curve.values:
        return None
    best = np.maximum.accumulate(curve.goodness)
    rising = np.append(True, np.diff(best) > 0)
    values, rates = best[rising], np.asarray(curve.bits_per_pixel)[rising]
    goodness = sign_of(curve.metric) * value
    if not values[0] <= goodness <= values[-1]:
        return None
    return float(np.exp(np.interp(goodness, values, np.log(rates))))


def equal_quality(row: MethodRow, reference: Curve | None) -> EqualQuality | None:
    """Rate of the reference at the same PSNR as a method's file.

    None where the method has no file, or the reference does not reach its PSNR.
    """
    if reference is None or row.bits_per_pixel is None or row.coded_psnr_db is None:
        return None
    rate = rate_at(reference, row.coded_psnr_db)
    return None if rate is None else EqualQuality(rate, row.bits_per_pixel / rate)
