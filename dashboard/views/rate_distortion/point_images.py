"""The images behind one point of a rate-distortion curve, and the way to see them."""

import pandas as pd
import streamlit as st

from core.codecs import codecs
from core.metrics import metrics
from dashboard.charts.image_ranking import Point
from dashboard.charts.rate_distortion import image_figure, image_table
from dashboard.data.curves import label_of, load_measurements
from dashboard.data.store import DATASET, load_results
from dashboard.views.rate_distortion.tables import show_images
from dashboard.widgets.charts import CONFIG
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.links import compare_query, link_to_page

WORST_AND_BEST = 5


def show_point_images(codec: str, setting: str, *, dataset: str, metric: str) -> None:
    """Rate and quality of every image at one operating point, with links to the images.

    Args:
        codec: Codec of the point.
        setting: Its setting.
        dataset: Data set that it was measured on.
        metric: Metric of the curve.
    """
    label = metrics()[metric].LABEL
    images = image_table(load_measurements(dataset, metric)[codec], setting)
    if dataset == DATASET:
        _link_to_images(codec, setting, images, metric_label=label)
    left, right = st.columns(2, gap="medium")
    with left:
        figure = image_figure(images, codec=codec, metric_label=label)
        what = f"{label_of(codec)}, {setting}"
        alt = f"{label} against bits per pixel of every image at {what}."
        st.plotly_chart(figure, key="images", config=CONFIG, alt=alt)
    with right:
        st.markdown("**Worst images**")
        show_images(images.head(WORST_AND_BEST), label)
        st.markdown("**Best images**")
        show_images(images.tail(WORST_AND_BEST).iloc[::-1], label)
    name = f"{dataset}-{metric}-{codec}-{setting}.csv"
    download_csv(images, file_name=name, key="csv-images", label="All images as CSV")


def _link_to_images(codec: str, setting: str, images: pd.DataFrame, *, metric_label: str) -> None:
    state = {"codec": label_of(codec), "setting": setting, "metric": metric_label}
    compared = compare_query([Point(codec, setting, _dial(codec, setting))])
    with st.container(horizontal=True, gap="medium"):
        link_to_page(
            "gallery",
            "See these images in the gallery",
            icon=":material/photo_library:",
            query=state,
        )
        for words, place in (("worst", 0), ("best", -1)):
            link_to_page(
                "compare",
                f"The {words} image in Compare",
                icon=":material/compare:",
                query={"image": images["image"].iloc[place]} | compared,
            )


def _dial(codec: str, setting: str) -> float | None:
    """Position of the dial at a setting of the results."""
    if codec not in codecs():
        return None
    frame = load_results(DATASET).frame
    dials = frame.loc[(frame["codec"] == codec) & (frame["setting"] == setting), "dial"]
    return None if dials.empty or pd.isna(dials.iloc[0]) else float(dials.iloc[0])
