"""Any two operating points, compared in one sentence."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.analysis.labels import label_of, labels
from core.analysis.two_methods import (
    MethodComparison,
    MethodName,
    compare_methods,
    method_names,
)
from core.evaluation.measurements import on_common_images, on_images_of, summary
from core.metrics import psnr_db
from core.plain_english import counted
from dashboard.charts.image_ranking import MeasuredPoint
from dashboard.data.curves import View, load_measurements
from dashboard.data.store import DATASET, dataset_state, load_results
from dashboard.widgets.datasets import choose_dataset
from dashboard.widgets.links import comparable, compare_query, link_to_page

FIRST = "Autoencoder, 2 layers (40x40)"
SECOND = "JPEG, quality 50"
HELP = (
    "Means over the test images that both were measured on. An autoencoder of the thesis is "
    "represented by the file of its latent, at the coarsest quantisation that costs at most 0.1 dB."
)


def show_question(names: list[MethodName]) -> None:
    """Two selection boxes, the comparison sentence, and links to curves and reconstructions.

    Args:
        names: What can be compared, as `core.analysis.two_methods.method_names` gives it.
    """
    st.subheader("Compare any two methods", help=HELP)
    dataset = choose_dataset("Measured on the data set")
    if dataset != DATASET:
        names = other_names(dataset)
    if len(names) < 2:
        st.info("That takes results of two operating points.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        first = choose_method("Method", names, key="first", start=FIRST, otherwise=0)
    with right:
        second = choose_method("Compared with", names, key="second", start=SECOND, otherwise=1)
    frame = load_results(dataset).frame
    found = compare_methods(frame, first, second)
    if found is None:
        st.info("No image was measured with both.")
        return
    show_comparison(found, frame, dataset)


def other_names(dataset: str) -> list[MethodName]:
    """What can be compared on a data set that is not the thesis', whose figures are not quoted."""
    return _other_names(dataset, dataset_state(dataset))


@st.cache_resource(max_entries=4, show_spinner=False)
def _other_names(dataset: str, state: str) -> list[MethodName]:
    frame = on_common_images(load_results(dataset).frame)
    means = summary(on_images_of(frame, load_measurements(View(dataset, psnr_db.NAME))))
    return [name._replace(published=None) for name in method_names(means, labels())]


def choose_method(
    label: str, names: list[MethodName], *, key: str, start: str, otherwise: int
) -> MethodName:
    """One of the operating points.

    Args:
        label: Label of the picker.
        names: What can be chosen.
        key: Name in the address.
        start: Label of the one that is chosen at first.
        otherwise: Index of the default if that label is absent.
    """
    by_label = {name.label: name for name in names}
    options = list(by_label)
    index = options.index(start) if start in by_label else otherwise
    return by_label[st.selectbox(label, options, index=index, key=key, bind="query-params")]


def show_comparison(found: MethodComparison, frame: pd.DataFrame, dataset: str) -> None:
    """The sentence, what was published, and the links."""
    with st.container(border=True):
        st.markdown(found.sentence())
        published = found.published_sentence()
        st.caption(
            f"Means over {counted(found.images, 'image')} of {dataset}. {published}"
            + (_RESAVED if published else "")
        )
        show_links((found.first, found.second), frame, dataset)


def show_links(chosen: Sequence[MethodName], frame: pd.DataFrame, dataset: str) -> None:
    """Links to the curves and the reconstructions of two methods, named by what they open."""
    codecs = list(dict.fromkeys(label_of(name.codec) for name in chosen))
    points = [MeasuredPoint(name.codec, name.setting, _dial(frame, name)) for name in chosen]
    groups = comparable(points)
    with st.container(horizontal=True, gap="medium"):
        link_to_page(
            "rate_distortion",
            "Both curves" if len(codecs) > 1 else f"The curve of {codecs[0]}",
            icon=":material/show_chart:",
            query={"codecs": codecs} | ({"dataset": dataset} if dataset != DATASET else {}),
        )
        for name, group in zip(chosen, groups, strict=False):
            link_to_page(
                "compare",
                f"{name.label} in Compare" if len(groups) > 1 else "Both reconstructions",
                icon=":material/compare:",
                query=compare_query(group),
            )


_RESAVED = (
    " The thesis measured against originals that it had saved as JPEG again: its levels are not to "
    "be compared with these."
)


def _dial(frame: pd.DataFrame, name: MethodName) -> float | None:
    at = (frame["codec"] == name.codec) & (frame["setting"] == name.setting)
    dial = frame.loc[at, "dial"].iloc[0]
    return None if pd.isna(dial) else float(dial)
