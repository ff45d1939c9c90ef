"""The pictures behind one point of a rate-distortion curve, and the way to see them."""

import pandas as pd
import streamlit as st

from core.codecs import families
from core.metrics import metrics
from dashboard.cache import DATASET, load_results
from dashboard.charts.picture_ranking import Point
from dashboard.charts.rate_distortion import picture_figure, picture_table
from dashboard.curve_cache import label_of, load_measurements
from dashboard.widgets.charts import CONFIG
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.links import compare_query, link_to_page
from dashboard.widgets.rate_tables import show_pictures

WORST_AND_BEST = 5


def show_point_pictures(family: str, setting: str, *, dataset: str, metric: str) -> None:
    """Rate and quality of every picture at one operating point, with links to the pictures.

    Args:
        family: Codec family of the point.
        setting: Its setting.
        dataset: Data set that it was measured on.
        metric: Metric of the curve.
    """
    label = metrics()[metric].LABEL
    pictures = picture_table(load_measurements(dataset, metric)[family], setting)
    if dataset == DATASET:
        _link_to_pictures(family, setting, pictures, metric_label=label)
    left, right = st.columns(2, gap="medium")
    with left:
        figure = picture_figure(pictures, family=family, metric_label=label)
        what = f"{label_of(family)}, {setting}"
        alt = f"{label} against bits per pixel of every picture at {what}."
        st.plotly_chart(figure, key="pictures", config=CONFIG, alt=alt)
    with right:
        st.markdown("**Worst pictures**")
        show_pictures(pictures.head(WORST_AND_BEST), label)
        st.markdown("**Best pictures**")
        show_pictures(pictures.tail(WORST_AND_BEST).iloc[::-1], label)
    name = f"{dataset}-{metric}-{family}-{setting}.csv"
    download_csv(pictures, file_name=name, key="csv-pictures", label="All pictures as CSV")


def _link_to_pictures(
    family: str, setting: str, pictures: pd.DataFrame, *, metric_label: str
) -> None:
    state = {"codec": label_of(family), "setting": setting, "metric": metric_label}
    compared = compare_query([Point(family, setting, _dial(family, setting))])
    with st.container(horizontal=True, gap="medium"):
        link_to_page(
            "gallery",
            "See these pictures in the gallery",
            icon=":material/photo_library:",
            query=state,
        )
        for words, place in (("worst", 0), ("best", -1)):
            link_to_page(
                "compare",
                f"The {words} picture in Compare",
                icon=":material/compare:",
                query={"picture": pictures["image"].iloc[place]} | compared,
            )


def _dial(family: str, setting: str) -> float | None:
    """Position of the dial at a setting of the results."""
    if family not in families():
        return None
    frame = load_results(DATASET).frame
    dials = frame.loc[(frame["family"] == family) & (frame["setting"] == setting), "dial"]
    return None if dials.empty or pd.isna(dials.iloc[0]) else float(dials.iloc[0])
