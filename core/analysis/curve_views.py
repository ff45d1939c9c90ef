"""Measurements as curves show them: whole files or their payload, mean or pooled PSNR."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from core.analysis.payload import without_containers
from core.evaluation.measurements import Measurements, lossy_measurements

#: Title of an axis or a column of the PSNR that belongs to the mean squared error of all images.
POOLED_LABEL = "PSNR of the mean squared error (dB)"


def curve_measurements(
    frame: pd.DataFrame,
    *,
    metric: str,
    overheads: Mapping[str, float] | None = None,
    pooled: bool = False,
) -> dict[str, Measurements]:
    """Measurements by codec of all codecs that have a curve under the metric.

    Args:
        frame: Results, one row per image and operating point.
        metric: Column of the metric.
        overheads: Bytes of the container by codec, where rates are to exclude them: a codec that
            it lacks is left out. Rates are those of whole files when None.
        pooled: Whether a PSNR is that of the mean squared error over all images.
    """
    rated = frame if overheads is None else without_containers(frame, overheads)
    tables = lossy_measurements(rated, metric=metric)
    return {codec: replace(table, pools_error=pooled) for codec, table in tables.items()}
