"""What the gallery shows, in words: operating points, number of images, means."""

import pandas as pd

from core.analysis.labels import label_of
from core.metrics import metrics
from core.plain_english import counted
from dashboard.charts.image_ranking import RATE, MeasuredPoint
from dashboard.views.gallery.controls import GallerySelection, quantity_label
from dashboard.widgets.reconstruction_table import spelled_cell

SUBSET_LINE = "{label} was measured on {count:,} of {images}."


def empty_line(selection: GallerySelection) -> str:
    """Message for an empty selection."""
    names = " and ".join(point_label(point) for point in selection.points)
    return (
        f"No image has a {quantity_label(selection.quantity)} for {names}. A lossless codec has no "
        "finite PSNR, because its error is zero; choose another metric or codec."
    )


def basis_line(selection: GallerySelection, table: pd.DataFrame, *, count: int, total: int) -> str:
    """Caption: operating points, number of images, and means.

    Args:
        selection: What is shown.
        table: The images that are shown.
        count: Number of images that have the quantity, of all classes.
        total: Number of images in the stored results, of all classes; 0 without any.
    """
    label = quantity_label(selection.quantity)
    clauses = [counted(len(table), "image"), f"{point_label(selection.first)}"]
    mean = spelled_cell(selection.quantity, float(table[selection.quantity].mean()))
    clauses.append(f"mean {label} {mean} at {table[RATE].mean():.3f} bits per pixel")
    if selection.second is not None:
        other = spelled_cell(
            selection.quantity, float(table[f"second_{selection.quantity}"].mean())
        )
        rate = table[f"second_{RATE}"].mean()
        clauses.append(
            f"{point_label(selection.second)}: mean {other} at {rate:.3f} bits per pixel"
        )
    metric = metrics().get(selection.quantity)
    if metric is not None and metric.ON_SUBSET_ONLY and total:
        images = counted(total, "image")
        clauses.append(SUBSET_LINE.format(label=label, count=count, images=images))
    return " · ".join(clauses)


def point_label(point: MeasuredPoint) -> str:
    """Display label of an operating point."""
    return f"{label_of(point.codec)} {point.setting}"
