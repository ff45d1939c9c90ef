"""Tables of results turned into gapless measurements, mean curves and summaries."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

_NOT_METRICS = frozenset({"dial", "width", "height", "bytes", "bits_per_pixel", "lossless"})


@dataclass(frozen=True)
class Curve:
    """Mean rate and quality of a family at each of its settings, over the same pictures.

    Attributes:
        family: Codec family.
        metric: Column of the metric, such as `psnr_db`.
        settings: The settings, from the lowest mean rate to the highest.
        bits_per_pixel: Mean rate at each setting.
        values: Mean of the metric at each setting.
        count: Pictures that the means are over: those with a value at every setting.
        dropped: Pictures left out because some setting failed or has no finite value on them.
    """

    family: str
    metric: str
    settings: tuple[str, ...]
    bits_per_pixel: tuple[float, ...]
    values: tuple[float, ...]
    count: int
    dropped: int = 0


@dataclass(frozen=True)
class Measurements:
    """Rate and quality of a family, pictures by settings, without a gap.

    Attributes:
        family: Codec family.
        metric: Column of the metric.
        images: Picture ids, sorted, shape (pictures,).
        settings: The settings, from the lowest mean rate to the highest.
        bits_per_pixel: Rates, float64 (pictures, settings).
        values: Metric, float64 (pictures, settings).
        dropped: Pictures left out because some setting has no value on them.
    """

    family: str
    metric: str
    images: npt.NDArray[np.str_]
    settings: tuple[str, ...]
    bits_per_pixel: Floats
    values: Floats
    dropped: int

    def curve(self) -> Curve:
        """Means over the pictures."""
        if not len(self.images):
            return Curve(self.family, self.metric, (), (), (), 0, self.dropped)
        rates = tuple(self.bits_per_pixel.mean(axis=0).tolist())
        values = tuple(self.values.mean(axis=0).tolist())
        count = len(self.images)
        return Curve(self.family, self.metric, self.settings, rates, values, count, self.dropped)

    def take(self, positions: npt.NDArray[np.intp]) -> "Measurements":
        """The same settings on some of the pictures."""
        rates, values = self.bits_per_pixel[positions], self.values[positions]
        images = self.images[positions]
        return Measurements(
            self.family, self.metric, images, self.settings, rates, values, self.dropped
        )


def metric_columns(frame: pd.DataFrame) -> list[str]:
    """Columns of a table of results that hold a metric, in the table's order."""
    numeric = frame.select_dtypes("number").columns
    return [name for name in numeric if name not in _NOT_METRICS and not name.endswith("_seconds")]


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Means per family and setting, over all pictures that were coded without an error.

    Columns: family, setting, pictures, errors, lossless (true on every picture), then the means
    of dial, bytes, bits_per_pixel, the metrics and the times.
    """
    groups = frame.assign(failed=frame["error"].notna()).groupby(["family", "setting"], sort=True)
    good = frame[frame["error"].isna()].groupby(["family", "setting"], sort=True)
    seconds = [name for name in frame.columns if name.endswith("_seconds")]
    averaged = ["dial", "bytes", "bits_per_pixel", *metric_columns(frame), *seconds]
    counts = pd.DataFrame(
        {
            "pictures": good.size(),
            "errors": groups["failed"].sum(),
            "lossless": good["lossless"].all(),
        }
    )
    counts["pictures"] = counts["pictures"].fillna(0).astype(int)
    counts["lossless"] = counts["lossless"].eq(True)
    means = counts.join(good[averaged].mean()).reset_index()
    return means.astype({"family": "str", "setting": "str"})


def lossless_families(frame: pd.DataFrame) -> list[str]:
    """Families that restored every picture exactly at every setting: points, not curves."""
    coded = frame[frame["error"].isna() & frame["bytes"].notna()]
    exact = coded["lossless"].astype(bool).groupby(coded["family"]).all()
    return [str(name) for name in exact.index[exact]]


def measurements(frame: pd.DataFrame, *, metric: str) -> Measurements:
    """Gapless table of one family's results, on the pictures with a value at every setting.

    Rows without bytes (floating-point latents), with an error, or without a finite value are no
    measurements. A setting without any measurement is left out; then a picture that lacks one.

    Args:
        frame: Results of one family.
        metric: Column of the metric.
    """
    failed = frame["error"].notna()
    rated = frame["bytes"].notna() & (frame["bits_per_pixel"] > 0)
    usable = ~failed & rated & np.isfinite(frame[metric].astype(float))
    images, settings = _codes(frame.loc[usable, "image"]), _codes(frame.loc[usable, "setting"])
    rates, values = np.full((2, len(images.names), len(settings.names)), np.nan)
    rates[images.codes, settings.codes] = frame.loc[usable, "bits_per_pixel"]
    values[images.codes, settings.codes] = frame.loc[usable, metric]
    complete = ~np.isnan(rates).any(axis=1)
    order = np.argsort(rates[complete].sum(axis=0), kind="stable")
    touched = frame.loc[usable | failed, "image"].nunique()
    return Measurements(
        family=_family(frame),
        metric=metric,
        images=images.names[complete],
        settings=tuple(settings.names[order].tolist()),
        bits_per_pixel=rates[complete][:, order],
        values=values[complete][:, order],
        dropped=int(touched) - int(complete.sum()),
    )


def lossy_measurements(frame: pd.DataFrame, *, metric: str) -> dict[str, Measurements]:
    """Measurements by family of all families that have a curve under the metric."""
    lossy = frame[~frame["family"].isin(lossless_families(frame))]
    tables = {
        str(family): measurements(rows, metric=metric) for family, rows in lossy.groupby("family")
    }
    return {family: table for family, table in tables.items() if len(table.images)}


def curve(frame: pd.DataFrame, *, family: str, metric: str) -> Curve:
    """Mean curve of a family, over the pictures that have a value at every setting.

    A family that is lossless, or has no row, gives a curve without points.
    """
    rows = frame[frame["family"] == family]
    if rows.empty or lossless_families(rows):
        return Curve(family, metric, (), (), (), 0)
    return measurements(rows, metric=metric).curve()


class _Codes(NamedTuple):
    names: npt.NDArray[np.str_]
    codes: npt.NDArray[np.intp]


def _codes(names: pd.Series) -> _Codes:
    """Sorted names without repetition, and the place of each row's name among them."""
    codes, found = pd.factorize(names, sort=True)
    return _Codes(np.asarray(found, dtype=np.str_), codes)


def _family(frame: pd.DataFrame) -> str:
    names = frame["family"].unique()
    if len(names) != 1:
        raise ValueError(f"Expected results of one family; received {sorted(names)}.")
    return str(names[0])
