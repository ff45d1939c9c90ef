"""Measurements as curves show them: whole files or their payload, mean or pooled PSNR."""

from collections.abc import Mapping

import pandas as pd

from core.analysis.payload import without_containers
from core.evaluation.measurements import Measurements, lossy_measurements

#: Title of an axis or a column of the PSNR that belongs to the mean squared error of all images.
POOLED_LABEL = "PSNR of the mean squared error (dB)"


def left_out_line(dropped: Mapping[str, int]) -> str:
    """Which codecs gave images back exactly, so that no mean counts those; empty without any.

    Args:
        dropped: Images that came back exactly at some setting, by label of the codec.
    """
    counts = ", ".join(f"{label} {count}" for label, count in dropped.items() if count)
    return f"Left out, for they came back exactly at some setting: {counts}." if counts else ""


def curve_measurements(
    frame: pd.DataFrame,
    *,
    metric: str,
    overheads: Mapping[str, float] | None = None,
    pooled: bool = False,
) -> dict[str, Measurements]:
    """Measurements by codec of all that have a curve under the metric, on the images all have.

    Args:
        frame: Results, one row per image and operating point.
        metric: Column of the metric.
        overheads: Bytes of the container by codec, where rates are to exclude them: a codec that
            it lacks is left out. Rates are those of whole files when None.
        pooled: Whether a PSNR is that of the mean squared error over all images.
    """
    rated = frame if overheads is None else without_containers(frame, overheads)
    return lossy_measurements(rated, metric=metric, pools_error=pooled)
