"""Tables of curve points, of images and of BD-rates, formatted for display."""

from typing import Any

import pandas as pd
import streamlit as st

from core.analysis.bd_tables import SAMPLES
from core.analysis.image_sizes import rates_over_pixels
from core.analysis.labels import label_of
from core.metrics import metrics, unit_in
from dashboard import formats
from dashboard.data.curves import View
from dashboard.widgets.downloads import download_csv

OVERLAP_HELP = "Part of the quality range covered by either curve that both cover."
INTERVAL_HELP = f"95 % interval over the images, from {SAMPLES} paired resamples."


def show_points(points: pd.DataFrame, view: View) -> None:
    """Rows of `dashboard.charts.rate_distortion.point_table`."""
    number, quality = st.column_config.NumberColumn, formats.metric_format(view.metric)
    columns: dict[str, Any] = {
        "label": "Codec",
        "setting": "Setting",
        "bits_per_pixel": number(view.rate_label, format=formats.BITS_PER_PIXEL),
        "value": number(view.metric_label, format=quality),
        "value_p10": number("10th percentile", format=quality),
        "value_p90": number("90th percentile", format=quality),
        "images": number("Images", format=formats.BYTES),
    }
    st.dataframe(points, hide_index=True, column_order=list(columns), column_config=columns)


def show_lossless(table: pd.DataFrame, view: View) -> None:
    """Rows of `core.analysis.lossless.lossless_table`."""
    number = st.column_config.NumberColumn
    size = f"Mean size {'without the container' if view.payload else 'of the whole file'}."
    columns: dict[str, Any] = {
        "label": "Codec",
        "bits_per_pixel": number(view.rate_label, format=formats.BITS_PER_PIXEL),
        "bytes": number("Bytes", format=formats.BYTES, help=size),
        "images": number("Images", format="localized"),
    }
    shown = table.assign(bytes=table["bytes"].round())
    st.dataframe(shown, hide_index=True, column_order=list(columns), column_config=columns)


def show_rates_over_pixels(frame: pd.DataFrame, dataset: str) -> None:
    """Rates of images of several sizes: of each image alike, and of each pixel alike.

    Args:
        frame: Results on the images of the curves.
        dataset: Data set that they were measured on.
    """
    table = rates_over_pixels(frame)
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "label": "Codec",
        "setting": "Setting",
        "bytes": number("Bytes of an image", format=formats.BYTES),
        "bits_per_pixel": number("Rate, mean of images", format=formats.BITS_PER_PIXEL),
        "bits_per_pixel_of_all": number("Rate over all pixels", format=formats.BITS_PER_PIXEL),
        "images": number("Images", format=formats.BYTES),
    }
    with st.expander("Rates per image and per pixel", key="per-pixel"):
        shown = table.assign(label=table["codec"].map(label_of), bytes=table["bytes"].round())
        st.dataframe(shown, hide_index=True, column_order=list(columns), column_config=columns)
        download_csv(table, file_name=f"{dataset}-rates.csv", key="csv-rates")


def show_images(images: pd.DataFrame, view: View) -> None:
    """Rows of `dashboard.charts.rate_distortion.image_table`."""
    number, metric = st.column_config.NumberColumn, view.metric
    columns: dict[str, Any] = {
        "image": "Image",
        "bits_per_pixel": number(view.rate_label, format=formats.BITS_PER_PIXEL),
        "value": number(metrics()[metric].LABEL, format=formats.metric_format(metric)),
    }
    st.dataframe(images, hide_index=True, column_order=list(columns), column_config=columns)


def show_bd_table(table: pd.DataFrame, metric_label: str) -> None:
    """Rows of `core.analysis.bd_tables.bd_table`."""
    number = st.column_config.NumberColumn
    percent = formats.SIGNED_PERCENT
    unit = unit_in(metric_label)
    gain = f"{metric_label} gained at equal rate, on average."
    columns: dict[str, Any] = {
        "label": "Codec",
        "bd_rate_percent": number("BD-rate", format=percent),
        "low_percent": number("95 % interval", format=percent, help=INTERVAL_HELP),
        "high_percent": number("to", format=percent, help=INTERVAL_HELP),
        "bd_quality": number(f"Gain ({unit})" if unit else "Gain", format="%+.3f", help=gain),
        "overlap_percent": number("Shared range", format="%.0f %%", help=OVERLAP_HELP),
    }
    st.dataframe(
        table,
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        height="content",
        placeholder="n/a",
    )
