"""Tables of results turned into gapless measurements, mean curves and summaries."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.metrics import metrics, psnr_db, sign_of

Floats = npt.NDArray[np.float64]

_NOT_METRICS = frozenset({"dial", "width", "height", "bytes", "bits_per_pixel", "lossless"})


@dataclass(frozen=True)
class Curve:
    """Mean rate and quality of a codec at each of its settings, over the same images.

    Attributes:
        codec: Codec.
        metric: Column of the metric, such as `psnr_db`.
        settings: The settings, from the lowest mean rate to the highest.
        bits_per_pixel: Mean rate at each setting.
        values: Mean of the metric at each setting.
        count: Images that the means are over: those with a value at every setting.
        dropped: Images left out because this codec, whatever the others do, failed or has no finite
            value on them at some setting.
    """

    codec: str
    metric: str
    settings: tuple[str, ...]
    bits_per_pixel: tuple[float, ...]
    values: tuple[float, ...]
    count: int
    dropped: int = 0

    @property
    def goodness(self) -> Floats:
        """The values, negated where a smaller one is better: they rise with the rate."""
        return sign_of(self.metric) * np.asarray(self.values)


@dataclass(frozen=True)
class Measurements:
    """Rate and quality of a codec, images by settings, without a gap.

    Attributes:
        codec: Codec.
        metric: Column of the metric.
        images: Image ids, sorted, shape (images,).
        settings: The settings, from the lowest mean rate to the highest.
        bits_per_pixel: Rates, float64 (images, settings).
        values: Metric, float64 (images, settings). Finite, except where a PSNR is pooled: there it
            is infinite for an image that came back exactly.
        dropped: Images left out because some setting of this codec has no value on them.
        pools_error: Whether the mean of the metric, a PSNR, is that of the mean squared error over
            all images, instead of the mean of the images' PSNR. An image that is reproduced well
            then counts less.
        mean_of: Images that the one row is the mean of, where single ones are not known: a curve
            that others published. 0 where their number is not known either.
    """

    codec: str
    metric: str
    images: npt.NDArray[np.str_]
    settings: tuple[str, ...]
    bits_per_pixel: Floats
    values: Floats
    dropped: int
    pools_error: bool = False
    mean_of: int | None = None

    def mean_values(self, weights: Floats) -> Floats:
        """Mean of the metric at each setting, float64 (..., settings).

        Args:
            weights: Part that each image has in the mean, float64 (..., images); sums to 1.
        """
        if not self.pools_error:
            return weights @ self.values
        return pooled_psnr_db(self.values, weights)

    def curve(self) -> Curve:
        """Means over the images."""
        count = len(self.images)
        if not count:
            return Curve(self.codec, self.metric, (), (), (), 0, self.dropped)
        rates = tuple(self.bits_per_pixel.mean(axis=0).tolist())
        pooled = self.mean_values(np.full(count, 1 / count)) if self.pools_error else None
        values = tuple((self.values.mean(axis=0) if pooled is None else pooled).tolist())
        if self.mean_of is not None:
            count = self.mean_of
        return Curve(self.codec, self.metric, self.settings, rates, values, count, self.dropped)

    def take(self, positions: npt.NDArray[np.intp]) -> "Measurements":
        """The same settings on some of the images."""
        rates, values = self.bits_per_pixel[positions], self.values[positions]
        images = self.images[positions]
        return replace(self, images=images, bits_per_pixel=rates, values=values)


def pooled_psnr_db(values: Floats, weights: Floats) -> Floats:
    """PSNR of the mean squared error over images, float64 (..., settings).

    Args:
        values: PSNR in dB, infinite for an image without an error, float64 (images, settings).
        weights: Part that each image has in the mean, float64 (..., images); sums to 1.
    """
    # PSNR is -10 log10 of the mean squared error, up to a constant that the mean keeps.
    errors = weights @ np.power(10.0, -values / 10)
    with np.errstate(divide="ignore"):  # without any error it is infinite
        return np.asarray(-10 * np.log10(errors))


def metric_columns(frame: pd.DataFrame) -> list[str]:
    """Columns of a table of results that hold a metric, in the table's order."""
    numeric = frame.select_dtypes("number").columns
    return [name for name in numeric if name not in _NOT_METRICS and not name.endswith("_seconds")]


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Means per codec and setting, over all images that were coded without an error.

    Columns: codec, setting, images, errors, lossless (true on every image), then the means
    of dial, bytes, bits_per_pixel, the metrics and the times; without a slow metric that only a
    part of the images has, because the rate beside it would be of other images.
    """
    groups = frame.assign(failed=frame["error"].notna()).groupby(["codec", "setting"], sort=True)
    coded = frame[frame["error"].isna()]
    good = coded.groupby(["codec", "setting"], sort=True)
    seconds = [name for name in frame.columns if name.endswith("_seconds")]
    slow = [name for name, metric in metrics().items() if metric.ON_SUBSET_ONLY and name in coded]
    whole = frame.drop(columns=[name for name in slow if coded[name].isna().any()])
    averaged = ["dial", "bytes", "bits_per_pixel", *metric_columns(whole), *seconds]
    counts = pd.DataFrame(
        {
            "images": good.size(),
            "errors": groups["failed"].sum(),
            "lossless": good["lossless"].all(),
        }
    )
    counts["images"] = counts["images"].fillna(0).astype(int)
    counts["lossless"] = counts["lossless"].eq(True)
    means = counts.join(good[averaged].mean()).reset_index()
    return means.astype({"codec": "str", "setting": "str"})


def on_common_images(frame: pd.DataFrame) -> pd.DataFrame:
    """Results on the images that every codec has coded at all its settings, without an error.

    Means of methods are comparable only over the same images. A codec that failed on every image
    does not count. Images too small for SSIM are left out: their files are headers.

    Args:
        frame: Results of several codecs.
    """
    counted = frame["error"].isna()
    if "ssim" in frame:
        counted &= frame["ssim"].notna()
    complete = counted.groupby([frame["codec"], frame["image"]], observed=True).all()
    by_codec = {
        codec: set(images[images].index.get_level_values(1))
        for codec, images in complete.groupby(level=0, observed=True)
        if images.any()
    }
    common = set.intersection(*by_codec.values()) if by_codec else set()
    return frame[frame["image"].isin(common) & frame["codec"].isin([*by_codec])]


def lossless_codecs(frame: pd.DataFrame) -> list[str]:
    """Codecs that restored every image exactly at every setting: points, not curves."""
    is_coded = frame["error"].isna() & frame["bytes"].notna()
    coded = frame.loc[is_coded, ["codec", "lossless"]]
    exact = coded["lossless"].astype(bool).groupby(coded["codec"], observed=True).all()
    return [str(name) for name in exact.index[exact]]


def measurements(frame: pd.DataFrame, *, metric: str, pools_error: bool = False) -> Measurements:
    """Gapless table of one codec's results, on the images with a value at every setting.

    Rows without bytes (floating-point latents), with an error, or without a finite value are no
    measurements. A setting without any measurement is left out; then an image that lacks one.

    Args:
        frame: Results of one codec.
        metric: Column of the metric.
        pools_error: Whether the metric is a PSNR of the mean squared error over all images: an
            image that came back exactly has an error of zero there, and stays.
    """
    failed = frame["error"].notna()
    rated = frame["bytes"].notna() & (frame["bits_per_pixel"] > 0) & ~failed
    quality = _quality(frame, metric)
    usable = rated & (quality.notna() if pools_error else np.isfinite(quality))
    images, settings = _codes(frame.loc[usable, "image"]), _codes(frame.loc[usable, "setting"])
    rates, values = np.full((2, len(images.names), len(settings.names)), np.nan)
    rates[images.codes, settings.codes] = frame.loc[usable, "bits_per_pixel"]
    values[images.codes, settings.codes] = quality[usable]
    touched = frame.loc[(rated & quality.notna()) | failed, "image"].nunique()
    table = Measurements(
        codec=_codec(frame),
        metric=metric,
        images=images.names,
        settings=tuple(settings.names.tolist()),
        bits_per_pixel=rates,
        values=values,
        dropped=0,
        pools_error=pools_error,
    )
    complete = np.flatnonzero(~np.isnan(rates).any(axis=1))
    return replace(_curve_of(table, complete), dropped=int(touched) - len(complete))


def lossy_measurements(
    frame: pd.DataFrame, *, metric: str, pools_error: bool = False
) -> dict[str, Measurements]:
    """Measurements by codec of all that have a curve under the metric, on the images all have.

    Args:
        frame: Results, one row per image and operating point.
        metric: Column of the metric.
        pools_error: As in `measurements`.
    """
    columns = ["codec", "image", "setting", "bytes", "bits_per_pixel", "lossless", "error", metric]
    lossy = frame.loc[~frame["codec"].isin(lossless_codecs(frame)), columns]
    tables = {
        str(codec): measurements(rows, metric=metric, pools_error=pools_error)
        for codec, rows in lossy.groupby("codec", observed=True)
    }
    return on_shared_images({codec: table for codec, table in tables.items() if len(table.images)})


def on_shared_images(tables: Mapping[str, Measurements]) -> dict[str, Measurements]:
    """The measurements by codec on the images that all of them have; none without such an image."""
    found = list(tables.values())
    if all(np.array_equal(table.images, found[0].images) for table in found):
        return dict(tables)
    shared = reduce(np.intersect1d, [table.images for table in found])
    places = {codec: np.flatnonzero(np.isin(one.images, shared)) for codec, one in tables.items()}
    return {codec: _curve_of(tables[codec], place) for codec, place in places.items() if len(place)}


def on_images_of(frame: pd.DataFrame, tables: Mapping[str, Measurements]) -> pd.DataFrame:
    """Results on the images that all of some measurements are over; the whole without any."""
    table = next(iter(tables.values()), None)
    return frame if table is None else frame[frame["image"].isin(table.images)]


def _quality(frame: pd.DataFrame, metric: str) -> "pd.Series[float]":
    """Values of a metric; a PSNR is infinite, which is stored as null, where nothing was lost."""
    values = frame[metric].astype(float)
    if metric != psnr_db.NAME or "lossless" not in frame:
        return values
    return values.mask(frame["lossless"].astype(bool), np.inf)


def _curve_of(table: Measurements, positions: npt.NDArray[np.intp]) -> Measurements:
    """Some of the images, at the settings with a finite value on one of them, by rising rate."""
    chosen = table.take(positions)
    order = np.argsort(chosen.bits_per_pixel.sum(axis=0), kind="stable")
    order = order[np.isfinite(chosen.values[:, order]).any(axis=0)]
    return replace(
        chosen,
        settings=tuple(chosen.settings[place] for place in order),
        bits_per_pixel=chosen.bits_per_pixel[:, order],
        values=chosen.values[:, order],
    )


def curve(frame: pd.DataFrame, *, codec: str, metric: str) -> Curve:
    """Mean curve of a codec, over the images that have a value at every setting.

    A codec that is lossless, or has no row, gives a curve without points.
    """
    rows = frame[frame["codec"] == codec]
    if rows.empty or lossless_codecs(rows):
        return Curve(codec, metric, (), (), (), 0)
    return measurements(rows, metric=metric).curve()


class _Codes(NamedTuple):
    names: npt.NDArray[np.str_]
    codes: npt.NDArray[np.intp]


def _codes(names: pd.Series) -> _Codes:
    """Sorted names without repetition, and the place of each row's name among them."""
    codes, found = pd.factorize(names, sort=True)
    return _Codes(np.asarray(found, dtype=np.str_), codes)


def _codec(frame: pd.DataFrame) -> str:
    names = frame["codec"].unique()
    if len(names) != 1:
        raise ValueError(f"Expected results of one codec; received {sorted(names)}.")
    return str(names[0])
