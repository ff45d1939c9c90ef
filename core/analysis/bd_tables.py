"""BD-rates between codecs as tables: against one anchor with intervals, and of all pairs."""

from collections.abc import Mapping

import pandas as pd

from core.analysis.rate_distortion import Interval, bd_gain, bd_rates
from core.codecs.styles import in_legend_order
from core.evaluation.measurements import Measurements

#: Resamples of the images for an interval.
SAMPLES = 300
#: Below this overlap a BD-rate describes a small part of the curves only.
SMALL_OVERLAP = 0.25
_NUMBERS = ("bd_rate_percent", "low_percent", "high_percent", "bd_quality")
_COLUMNS = ("codec", "label", *_NUMBERS, "overlap_percent", "images", "note")


def bd_table(
    tables: Mapping[str, Measurements],
    *,
    anchor: str,
    labels: Mapping[str, str],
    samples: int = SAMPLES,
) -> pd.DataFrame:
    """One row per codec other than the anchor, from the smallest files to the largest.

    Columns: codec, label, bd_rate_percent, low_percent, high_percent (95 % interval over
    images), bd_quality (mean difference of the metric at
    equal rate, positive where it is better), overlap_percent,
    images, note (why a value is missing, or what weakens it; empty for neither).

    Args:
        tables: Measurements by codec.
        anchor: Codec that the others are compared with.
        labels: Display label by codec.
        samples: Resamples for the interval.
    """
    found = bd_rates(tables, anchor=anchor, samples=samples)
    rows = [
        {
            "codec": codec,
            "label": labels.get(codec, codec),
            "bd_rate_percent": interval.value,
            "low_percent": interval.low,
            "high_percent": interval.high,
            "bd_quality": bd_gain(tables[anchor], tables[codec]).value,
            "overlap_percent": 100 * interval.overlap,
            "images": interval.images,
            "note": note_of(interval),
        }
        for codec, interval in found.items()
    ]
    frame = pd.DataFrame(rows, columns=[*_COLUMNS]).astype(dict.fromkeys(_NUMBERS, "float64"))
    return frame.sort_values("bd_rate_percent", na_position="last", ignore_index=True)


def bd_matrix(tables: Mapping[str, Measurements]) -> pd.DataFrame:
    """BD-rate in percent of every codec (row) against every other (column), NaN without one."""
    names = in_legend_order(list(tables))
    columns = {
        anchor: {
            codec: interval.value
            for codec, interval in bd_rates(tables, anchor=anchor, samples=0).items()
        }
        for anchor in names
    }
    return pd.DataFrame(columns, index=names, columns=names, dtype="float64")


def bd_rates_of(codec: str, matrix: pd.DataFrame) -> dict[str, float]:
    """BD-rate of a codec in percent against each other codec that it has one with.

    Args:
        codec: The codec; the answer is empty where it has no curve.
        matrix: As `bd_matrix` gives it.
    """
    if codec not in matrix.index:
        return {}
    row = matrix.T[codec].dropna()
    return dict(zip(row.index.astype(str), row.astype(float), strict=True))


def note_of(interval: Interval) -> str:
    """Why a BD-rate is missing, or what weakens it; empty for neither."""
    notes = [] if interval.reason is None else [interval.reason]
    if interval.value is not None and interval.overlap < SMALL_OVERLAP:
        notes.append(f"overlap below {100 * SMALL_OVERLAP:g} %")
    return "; ".join(notes)
