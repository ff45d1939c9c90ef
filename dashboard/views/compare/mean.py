"""The mean over several of the user's images."""

from collections.abc import Sequence

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
    st.caption(_BASIS.format(count=len(images)) + (_CENTRES_LINE if has_centres else ""))
    _show_table(mean_table(numbers))
    download_csv(
        numbers, file_name="bottleneck-images.csv", key="csv-images", label="Every image as CSV"
    )


def mean_table(numbers: pd.DataFrame) -> pd.DataFrame:
    """One row per codec: images that count, and means of bytes, rate and metrics over them.

    Args:
        numbers: Rows of `comparison_table` for several images.
    """
    columns = ["bytes", "bits_per_pixel", *(name for name in metrics() if name in numbers)]
    if "bytes" not in numbers:
        return pd.DataFrame(columns=["label", "images", *columns])
    done = numbers[numbers["bytes"].notna()]
    grouped = done.groupby("label", sort=False)
    means = grouped[columns].mean(numeric_only=True)
    return means.assign(images=grouped.size()).reset_index()[["label", "images", *columns]]


def _quick_part(image: ChosenImage) -> ChosenImage:
    return image.middle_part() if image.pixel_count > MAX_PIXELS_FOR_SLOW_METRICS else image


def _show_table(table: pd.DataFrame) -> None:
    titles = {column: column_title(str(column)) for column in table.columns} | {"images": "Images"}
    shown = table.astype(object).apply(
        lambda column: column.map(lambda value: spelled_cell(str(column.name), value))
    )
    st.dataframe(shown.rename(columns=titles), hide_index=True, height="content", key="mean-table")
