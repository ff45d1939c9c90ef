"""The images behind one point of a rate-distortion curve, and the way to see them."""

import pandas as pd
import streamlit as st

from core.analysis.labels import label_of
from core.codecs import find_codec
from core.metrics import metrics
from core.store import ArtifactError
from dashboard.charts.image_ranking import MeasuredPoint
from dashboard.charts.rate_distortion import image_figure, image_table
from dashboard.data.curves import View, load_measurements
from dashboard.data.store import DATASET, load_results, load_split
from dashboard.views.rate_distortion.tables import show_images
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.links import compare_query, link_to_page

WORST_AND_BEST = 5


def show_point_images(codec: str, setting: str, *, view: View) -> None:
    """Rate and quality of every image at one operating point, with links to the images.

    Args:
        codec: Codec of the point.
        setting: Its setting.
        view: What the curve shows.
    """
    label = metrics()[view.metric].LABEL
    images = image_table(load_measurements(view)[codec], setting)
    _link_to_images(codec, setting, images, view=view)
    left, right = st.columns(2, gap="medium")
    with left:
        figure = image_figure(images, codec=codec, metric_label=label, rate_label=view.rate_label)
        what = f"{label_of(codec)}, {setting}"
        alt = f"{label} against bits per pixel of every image at {what}."
        show_chart(figure, key="images", name=f"{view.file_name}-{codec}-{setting}", alt=alt)
    with right:
        st.markdown("**Worst images**")
        show_images(images.head(WORST_AND_BEST), view)
        st.markdown("**Best images**")
        show_images(images.tail(WORST_AND_BEST).iloc[::-1], view)
    name = f"{view.file_name}-{codec}-{setting}.csv"
    download_csv(images, file_name=name, key="csv-images", label="All images as CSV")


def _link_to_images(codec: str, setting: str, images: pd.DataFrame, *, view: View) -> None:
    label = metrics()[view.metric].LABEL
    state = {"codec": label_of(codec), "setting": setting, "metric": label}
    state |= {"dataset": view.dataset} if view.dataset != DATASET else {}
    compared = compare_query([MeasuredPoint(codec, setting, _dial(view.dataset, codec, setting))])
    is_here = view.dataset == DATASET and _is_prepared()
    with st.container(horizontal=True, gap="medium"):
        link_to_page(
            "gallery",
            "See these images in the gallery",
            icon=":material/photo_library:",
            query=state,
        )
        # Compare opens images of the default data set, where its pixels are here.
        for words, index in (("worst", 0), ("best", -1)) if is_here else ():
            link_to_page(
                "compare",
                f"The {words} image in Compare",
                icon=":material/compare:",
                query={"image": images["image"].iloc[index]} | compared,
            )


def _is_prepared() -> bool:
    """Whether the pixels of the test images are on this machine."""
    try:
        return bool(load_split("test").ids)
    except ArtifactError:
        return False


def _dial(dataset: str, codec: str, setting: str) -> float | None:
    """Position of the dial at a setting of the results."""
    if find_codec(codec) is None:
        return None
    frame = load_results(dataset).frame
    dials = frame.loc[(frame["codec"] == codec) & (frame["setting"] == setting), "dial"]
    return None if dials.empty or pd.isna(dials.iloc[0]) else float(dials.iloc[0])
