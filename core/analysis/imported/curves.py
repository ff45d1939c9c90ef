"""Curves that are quoted, not measured here: imported ones, and those that the program knows."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.analysis.imported.artifact import Import
from core.analysis.published import KODAK, kodak_curves
from core.evaluation.measurements import Measurements, measurements

#: Origin of the curves that the program itself quotes; no import has this name.
PUBLISHED = "published"
_SEPARATOR = "/"


class Quoted(NamedTuple):
    """A curve that is quoted.

    Attributes:
        key: Its name among all curves, with the origin; no codec has such a one.
        label: Display label.
        source: Where it comes from.
        table: Its points.
    """

    key: str
    label: str
    source: str
    table: Measurements


def quoted_label(key: str) -> str:
    """Display label of the key of a quoted curve.

    >>> quoted_label("published/VTM")
    'VTM (published)'
    """
    origin, _, curve = key.partition(_SEPARATOR)
    return f"{curve} ({origin})"


def quoted_curves(
    imports: Iterable[Import], *, dataset: str, metric: str, images: Iterable[str] = ()
) -> dict[str, Quoted]:
    """Curves under a metric by their keys: those of the program first, then imported ones.

    Args:
        imports: Imported files of the data set.
        dataset: The data set.
        metric: Column of the metric.
        images: Ids of the images that were measured here. An imported curve whose images have
            these names is compared image by image, another one by its means.
    """
    known = frozenset(images)
    sources = [*([Import(PUBLISHED, _published())] if dataset == KODAK else []), *imports]
    found = (quoted for one in sources for quoted in _curves(one, metric, known))
    return {quoted.key: quoted for quoted in found}


def _published() -> pd.DataFrame:
    known = kodak_curves().rename(
        columns={
            "codec": "curve",
            "bpp": "bits_per_pixel",
            "psnr_rgb_db": "psnr_db",
            "ms_ssim_rgb": "ms_ssim",
        }
    )
    settings = known.groupby("curve").cumcount().astype(str)
    learned_first = known.assign(setting=settings, image=None, images=24)
    return learned_first.sort_values(["kind", "curve"], kind="stable")


def _curves(one: Import, metric: str, images: frozenset[str]) -> Iterator[Quoted]:
    if metric not in one.rows:
        return
    for curve, rows in one.rows.groupby("curve", sort=False):
        key = f"{one.name}{_SEPARATOR}{curve}"
        table = _table(key, rows, metric, images)
        if len(table.settings):
            source = "; ".join(rows["source"].unique())
            yield Quoted(key, quoted_label(key), source, table)


def _table(key: str, rows: pd.DataFrame, metric: str, images: frozenset[str]) -> Measurements:
    if rows["image"].isna().any():
        return _means(key, rows[rows["image"].isna()], metric)
    table = measurements(rows.assign(codec=key, error=None, bytes=1), metric=metric)
    if images.intersection(table.images.tolist()) or not len(table.images):
        return table
    curve = table.curve()
    whole = {"setting": curve.settings, "bits_per_pixel": curve.bits_per_pixel}
    means = pd.DataFrame(whole | {metric: curve.values, "images": curve.count})
    return _means(key, means, metric)


def _means(key: str, rows: pd.DataFrame, metric: str) -> Measurements:
    rows = rows[rows[metric].notna()].sort_values("bits_per_pixel", kind="stable")
    counts = pd.to_numeric(rows["images"]).dropna()
    return Measurements(
        codec=key,
        metric=metric,
        images=np.array(["mean"]),
        settings=tuple(rows["setting"].tolist()),
        bits_per_pixel=rows[["bits_per_pixel"]].to_numpy("float64").T,
        values=rows[[metric]].to_numpy("float64").T,
        dropped=0,
        mean_of=int(counts.min()) if len(counts) else 0,
    )
