"""The mean over several of the user's images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.evaluation.comparison import CodecConfig
from core.metrics import metrics
from dashboard.data.visitor_jobs import Task, queue_line
from dashboard.views.compare.goal_picker import TargetSelection
from dashboard.views.compare.goals import bring_to_goal
from dashboard.views.compare.image import PART_SIDE, ChosenImage
from dashboard.views.compare.slow_metrics import MAX_PIXELS_FOR_SLOW_METRICS
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.reconstruction_table import column_title, comparison_table, spelled_cell

_BASIS = (
    "Means over your {count} images, each brought to the target separately. An image on which a "
    "codec failed or could not reach the target is left out of that codec's mean."
)
_BASIS_AS_SET = (
    "Means over your {count} images, each at your settings. An image on which a codec failed is "
    "left out of that codec's mean."
)
_FEWER_LINE = (
    " Fewer images count for {columns}: those that are large enough for the metric, and that none "
    "of the codecs restored exactly, lossless ones apart."
)
_CENTRES_LINE = (
    f" Of an image of more than {MAX_PIXELS_FOR_SLOW_METRICS / 1e6:g} megapixels the centre "
    f"counts, {PART_SIDE} x {PART_SIDE} pixels of it."
)


def show_mean(
    images: Sequence[ChosenImage], configs: Sequence[CodecConfig], wanted_target: TargetSelection
) -> None:
    """Mean bytes, rate and metrics of each codec, and the numbers of every image as CSV.

    Args:
        images: The images; of large ones only the centre is used, whichever is shown.
        configs: The codecs with their settings.
        wanted_target: The quantity that is equal, and its target on each image.
    """
    st.subheader(f"Mean over your {len(images)} images")
    progress, parts = st.empty(), []
    for number, image in enumerate(images):
        part = _quick_part(image)

        def show(tasks: Sequence[Task], number: int = number) -> None:
            words = f"Image {number + 1} of {len(images)}: {queue_line(tasks)}"
            progress.progress(number / len(images), words)

        found = bring_to_goal(part, configs, wanted_target, slow=True, show=show)
        table = comparison_table(found, upload_bytes=None)
        share = "whole" if part is image else "centre"
        parts.append(table.assign(image=number + 1, file=image.name, part=share))
    progress.empty()
    numbers = pd.concat(parts, ignore_index=True)
    has_centres = bool((numbers["part"] == "centre").any())
    basis = _BASIS_AS_SET if wanted_target.is_as_set else _BASIS
    centres = _CENTRES_LINE if has_centres else ""
    st.caption(basis.format(count=len(images)) + centres + fewer_line(numbers))
    _show_table(mean_table(numbers))
    download_csv(
        numbers, file_name="bottleneck-images.csv", key="csv-images", label="Every image as CSV"
    )


def mean_table(numbers: pd.DataFrame) -> pd.DataFrame:
    """One row per codec: images that count, and means of bytes, rate and metrics over them.

    Args:
        numbers: Rows of `comparison_table` for several images.
    """
    columns = ["bytes", "bits_per_pixel", *_metrics_in(numbers)]
    if "bytes" not in numbers:
        return pd.DataFrame(columns=["label", "images", *columns])
    grouped = _comparable(numbers).groupby("label", sort=False)
    means = grouped[columns].mean(numeric_only=True)
    return means.assign(images=grouped.size()).reset_index()[["label", "images", *columns]]


def fewer_line(numbers: pd.DataFrame) -> str:
    """Sentence on the metrics whose means are over fewer images than the sizes; empty if none.

    Args:
        numbers: Rows of `comparison_table` for several images.
    """
    if "bytes" not in numbers:
        return ""
    counts = _comparable(numbers).groupby("label")[["bytes", *_metrics_in(numbers)]].count()
    parts = [
        f"{column_title(name)} ({' to '.join(map(str, sorted({few.min(), few.max()})))})"
        for name in counts.columns
        if len(few := counts[name][counts[name] < counts["bytes"]])
    ]
    return _FEWER_LINE.format(columns=", ".join(parts)) if parts else ""


def _metrics_in(numbers: pd.DataFrame) -> list[str]:
    return [name for name in metrics() if name in numbers]


def _comparable(numbers: pd.DataFrame) -> pd.DataFrame:
    """Rows with a file, without the values of a metric on images that a codec restored exactly.

    A codec that restores every image exactly keeps its values, and takes none from the others.
    """
    done = numbers[numbers["bytes"].notna()].copy()
    for name in _metrics_in(done):
        is_lossless = np.isinf(done.groupby("label")[name].transform("min"))
        exact = done.loc[np.isinf(done[name]) & ~is_lossless, "image"]
        done[name] = done[name].where(is_lossless | ~done["image"].isin(exact))
    return done


def _quick_part(image: ChosenImage) -> ChosenImage:
    return image.middle_part() if image.pixel_count > MAX_PIXELS_FOR_SLOW_METRICS else image


def _show_table(table: pd.DataFrame) -> None:
    titles = {column: column_title(str(column)) for column in table.columns} | {"images": "Images"}
    shown = table.astype(object).apply(
        lambda column: column.map(lambda value: spelled_cell(str(column.name), value))
    )
    st.dataframe(shown.rename(columns=titles), hide_index=True, height="content", key="mean-table")
