"""Captions of figures: the images that means are over, and the source of the numbers."""

from collections.abc import Collection, Mapping

import pandas as pd

from core.analysis.curve_views import left_out_line
from core.evaluation.facts import measured_images
from core.plain_english import counted
from core.store import Manifest

#: Edge of the stored images, in pixels.
SIDE = 160
_PAYLOAD = "leaves out the container: headers, tables and boxes"


def basis_line(
    points: pd.DataFrame,
    *,
    total: int,
    on_subset: bool,
    payload: bool = False,
    pooled: bool = False,
) -> str:
    """Caption with the images that the means are over; empty without a point.

    Args:
        points: Rows of `dashboard.charts.rate_distortion.point_table`.
        total: Images of the data set.
        on_subset: Whether the metric is measured on the fixed subset only.
        payload: Whether the rate leaves out the containers.
        pooled: Whether the metric is the PSNR of the mean squared error.
    """
    if points.empty:
        return ""
    counts = sorted(set(points["images"]))
    span = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    basis = f"{'a fixed subset of ' * on_subset}{span} of {counted(total, 'image')}"
    codecs = points.drop_duplicates("codec")
    left_out = left_out_line(dict(zip(codecs["label"], codecs["dropped"], strict=True)))
    what = "mean rate and the PSNR of the mean squared error" if pooled else "mean"
    rate = _PAYLOAD if payload else "counts the whole file, headers included"
    return (
        f"Each point is the {what} over {basis}: those that every codec coded at every "
        f"setting. The rate {rate}. {left_out}"
    ).rstrip()


def no_container_line(names: Collection[str]) -> str:
    """Caption with the codecs that a view without containers cannot draw; empty without any."""
    if not names:
        return ""
    return (
        f"Not drawn: {', '.join(names)}. A codec's container is measured here, where the codec "
        "has to run."
    )


def removed_line(*, kept: int, total: int) -> str:
    """Caption with the number of points that a filter removed; empty if none."""
    left_out = f"{total - kept} of {counted(total, 'point')}"
    return f"The range leaves out {left_out}." if kept < total else ""


def notes_line(table: pd.DataFrame) -> str:
    """Caption with the reasons why BD-rates are missing or weak; empty without any.

    Args:
        table: Rows of `core.analysis.bd_tables.bd_table`.
    """
    noted = table[table["note"] != ""]
    clauses = [
        f"{', '.join(rows['label'])}: {note}" for note, rows in noted.groupby("note", sort=True)
    ]
    return f"{'; '.join(clauses)}." if clauses else ""


def size_line(index: pd.DataFrame) -> str:
    """Caption with the sizes of the source images, from the index of the data set.

    Args:
        index: One row per image with `source_width` and `source_height`.
    """
    width, height = index["source_width"], index["source_height"]
    sizes = index.groupby(["source_width", "source_height"]).size().sort_values()
    (common_width, common_height), count = sizes.index[-1], sizes.iloc[-1]
    line = (
        f"{100 * count / len(index):.0f} % of the {len(index):,} source images have "
        f"{common_width} x {common_height} pixels"
    )
    if (width != height).any():
        line += f"; {100 * (width > height).mean():.0f} % are wider than high"
    untouched = int(((width == SIDE) & (height == SIDE)).sum())
    if untouched:
        was, keeps = ("was", "keeps its") if untouched == 1 else ("were", "keep their")
        return f"{line}. {untouched:,} {was} {SIDE} x {SIDE} already and {keeps} JPEG blocks."
    return f"{line}. None had {SIDE} x {SIDE} already, so all were resampled."


def source_line(manifests: Mapping[str, Manifest], *, images: int) -> str:
    """Data set, images, code and date of the results, in one line."""
    found = list(manifests.values())
    hashes = sorted({_dataset_hash(manifest) for manifest in found})
    commits = {manifest.commit or "unknown" for manifest in found}
    newest = max(found, key=lambda manifest: manifest.created, default=None)
    commit = (newest.commit or "unknown")[:10] if newest else "unknown"
    more = f" (the latest of {len(commits)})" if len(commits) > 1 else ""
    dates = sorted({manifest.created[:10] for manifest in found})
    return " · ".join(
        [
            f"Data set {', '.join(text[:12] for text in hashes)}",
            counted(images, "image"),
            counted(len(found), "codec"),
            f"code {commit}{more}",
            dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}",
        ]
    )


def _dataset_hash(manifest: Manifest) -> str:
    measured = measured_images(manifest)
    return measured.sha256 if measured else "unknown"
