"""Measurements as curves show them: whole files or their payload, mean or pooled PSNR."""

from collections.abc import Mapping, Sequence

import pandas as pd

from core.analysis.payload import without_containers
from core.evaluation.measurements import Measurements, lossless_codecs, lossy_measurements

#: Title of an axis or a column of the PSNR that belongs to the mean squared error of all images.
POOLED_LABEL = "PSNR of the mean squared error (dB)"


def left_out_line(dropped: Mapping[str, int]) -> str:
    """Which codecs gave images back exactly, so that no mean counts those; empty without any.

    Args:
        dropped: Images that came back exactly at some setting, by label of the codec.
    """
    counts = ", ".join(f"{label} {count}" for label, count in dropped.items() if count)
    return f"Left out, for they came back exactly at some setting: {counts}." if counts else ""


def exact_settings(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Settings at which a codec that loses pixels elsewhere gave every image back exactly.

    They have no mean PSNR, so that its curve does not have them.

    Args:
        frame: Results on the images of the curves.
    """
    coded = frame[frame["bytes"].notna() & frame["error"].isna()]
    coded = coded[~coded["codec"].isin(lossless_codecs(coded))]
    is_exact = coded["lossless"].astype(bool)
    exact = is_exact.groupby([coded["codec"], coded["setting"]], observed=True).all()
    found: dict[str, list[str]] = {}
    for codec, setting in exact.index[exact]:
        found.setdefault(str(codec), []).append(str(setting))
    return found


def exact_line(settings: Mapping[str, Sequence[str]]) -> str:
    """Which settings a PSNR curve lacks because they keep every pixel; empty without any.

    Args:
        settings: Such settings by label of the codec.
    """
    named = ", ".join(f"{label} {', '.join(found)}" for label, found in settings.items())
    return f"Without a mean PSNR, as every image came back exactly: {named}." if named else ""


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
