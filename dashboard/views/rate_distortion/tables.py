"""Tables of curve points, of images and of BD-rates, as a person reads them."""

import pandas as pd
import streamlit as st

from dashboard.charts.bd_rate import SAMPLES

OVERLAP_HELP = "Part of the quality range covered by either curve that both cover."
INTERVAL_HELP = f"95 % interval over the images, from {SAMPLES} paired resamples."


def show_points(points: pd.DataFrame, metric_label: str) -> None:
    """Rows of `dashboard.charts.rate_distortion.point_table`."""
    number = st.column_config.NumberColumn
    columns = {
        "label": "Codec",
        "setting": "Setting",
        "bits_per_pixel": number("Bits per pixel", format="%.3f"),
        "value": number(metric_label, format="%.4g"),
        "value_p10": number("10th percentile", format="%.4g"),
        "value_p90": number("90th percentile", format="%.4g"),
        "images": number("Images", format="localized"),
    }
    st.dataframe(points, hide_index=True, column_order=list(columns), column_config=columns)


def show_lossless(table: pd.DataFrame) -> None:
    """Rows of `dashboard.charts.rate_distortion.lossless_table`."""
    number = st.column_config.NumberColumn
    columns = {
        "label": "Codec",
        "bits_per_pixel": number("Bits per pixel", format="%.2f"),
        "bytes": number("Bytes", format="%.0f", help="Mean size of the whole file."),
        "images": number("Images", format="localized"),
    }
    st.dataframe(table, hide_index=True, column_order=list(columns), column_config=columns)


def show_images(images: pd.DataFrame, metric_label: str) -> None:
    """Rows of `dashboard.charts.rate_distortion.image_table`."""
    number = st.column_config.NumberColumn
    columns = {
        "image": "Image",
        "bits_per_pixel": number("Bits per pixel", format="%.3f"),
        "value": number(metric_label, format="%.4g"),
    }
    st.dataframe(images, hide_index=True, column_order=list(columns), column_config=columns)


def show_bd_table(table: pd.DataFrame, metric_label: str) -> None:
    """Rows of `dashboard.charts.bd_rate.bd_table`."""
    number = st.column_config.NumberColumn
    percent = "%+.1f %%"
    gain = f"{metric_label} gained at equal rate, on average."
    columns = {
        "label": "Codec",
        "bd_rate_percent": number("BD-rate", format=percent),
        "low_percent": number("from", format=percent, help=INTERVAL_HELP),
        "high_percent": number("to", format=percent, help=INTERVAL_HELP),
        "bd_quality": number("Gain", format="%+.3g", help=gain),
        "overlap_percent": number("Overlap", format="%.0f %%", help=OVERLAP_HELP),
    }
    st.dataframe(
        table,
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        height="content",
        placeholder="n/a",
    )
