"""Curves in CompressAI's format: one JSON file per codec and set of images.

`python -m compressai.utils.plot` draws them
(https://github.com/InterDigitalInc/CompressAI, `results/`).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd

from core.analysis.exact_numbers import exact_numbers
from core.evaluation.measurements import metric_columns, summary
from core.plain_english import counted

#: CompressAI's names of metrics; its files have had both.
_NAMES = {"psnr_db": ("psnr", "psnr-rgb"), "ms_ssim": ("ms-ssim", "ms-ssim-rgb")}
_TIMES = {"encode_seconds": "encoding_time", "decode_seconds": "decoding_time"}


class ImageSet(NamedTuple):
    """Records over which rate and metrics are averaged together.

    Attributes:
        folder: Folder of the curve, relative to that of all curves.
        rows: The records.
        columns: Metrics that all of them have.
    """

    folder: str
    rows: pd.DataFrame
    columns: tuple[str, ...]


def image_sets(rows: pd.DataFrame, *, is_lossless: bool) -> Iterator[ImageSet]:
    """The sets of images of one codec: all, and those on which the slow metrics were measured.

    An image counts that has a finite value of every metric of its set at every setting. A mean
    rate belongs beside a mean metric only where both are over the same images. A setting at which
    every image came back exactly has no mean PSNR and is left out; a set without an image, too.

    Args:
        rows: Records of the codec without errors.
        is_lossless: Whether it restores every pixel, so that it has no PSNR.
    """
    measured = [name for name in metric_columns(rows) if rows[name].notna().any()]
    if is_lossless:
        gapless = tuple(name for name in measured if rows[name].notna().all())
        yield ImageSet("lossless/", rows, gapless)
        return
    rows = rows[~rows["lossless"].astype(bool).groupby(rows["setting"]).transform("all")]
    has_value = rows[measured].notna().groupby(rows["image"].astype(str)).all()
    counts = has_value.sum()
    whole = tuple(name for name in measured if 2 * counts[name] > counts.max())
    sets = [ImageSet("", _on(rows, has_value[[*whole]].all(axis=1)), whole)]
    if len(whole) < len(measured):
        sets.append(ImageSet("subset/", _on(rows, has_value.all(axis=1)), tuple(measured)))
    yield from (found for found in sets if len(found.rows))


def _on(rows: pd.DataFrame, chosen: "pd.Series[bool]") -> pd.DataFrame:
    return rows[rows["image"].isin(chosen.index[chosen])]


def compressai_curve(
    rows: pd.DataFrame, label: str, dataset: str, columns: Sequence[str]
) -> dict[str, Any]:
    """One codec's means per setting, by rising rate.

    Args:
        rows: Records of the codec without errors.
        label: Name of the codec.
        dataset: Name of the data set.
        columns: Metrics to write.
    """
    means = summary(rows).sort_values("bits_per_pixel")
    results: dict[str, list[Any]] = {"bpp": means["bits_per_pixel"].tolist()}
    for column in columns:
        for key in _NAMES.get(column, (column.replace("_", "-"),)):
            results[key] = means[column].tolist()
    for column, key in _TIMES.items():
        results[key] = exact_numbers(means[column])
    images = rows["image"].nunique()
    described = f"{label}; means over {counted(images, 'image')} of {dataset}, whole files counted."
    return {"name": label, "description": described, "results": results}
