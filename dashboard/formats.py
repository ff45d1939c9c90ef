"""Number formats, one for each kind of quantity, on every page.

The constants are formats of `st.column_config.NumberColumn`; the functions write text.
"""

import math

from core.metrics import metrics, range_of, unit_in

DECIBELS = "%.2f"
SSIM = "%.4f"
BYTES = "localized"
BITS_PER_PIXEL = "%.3f"
SIGNED_PERCENT = "%+.1f %%"

_SCORE = "%.2f"
_UNKNOWN = "%.4g"


def metric_format(metric: str) -> str:
    """Format of a column that holds a metric, by the unit and the range that it states."""
    known = metrics().get(metric)
    if known is None:
        return _UNKNOWN
    _, high = range_of(metric)
    if high <= 1.0:
        return SSIM
    if unit_in(known.LABEL) == "dB":
        return DECIBELS
    return _SCORE if math.isfinite(high) else _UNKNOWN


def metric_d3_format(metric: str) -> str:
    """Format of a metric in a chart, as d3 writes it."""
    return metric_format(metric).removeprefix("%").replace("4g", "4~g")


def metric_text(metric: str, value: float) -> str:
    """A value of a metric; an infinite PSNR is that of a lossless image."""
    if math.isinf(value):
        return "∞"
    return metric_format(metric) % value


def decibels(value: float) -> str:
    """A PSNR with its unit."""
    return "∞ dB" if math.isinf(value) else f"{value:.2f} dB"


def byte_count(value: float) -> str:
    """A size with its unit and separators."""
    return f"{value:,.0f} bytes"


def bits_per_pixel(value: float) -> str:
    """A rate without its unit."""
    return f"{value:.3f}"


def signed_percent(value: float) -> str:
    """A change in percent with a typographic minus."""
    return f"{value:+.1f} %".replace("-", "\u2212")
