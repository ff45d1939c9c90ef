"""Cache of the page Data's tables and figures; do not modify them."""

from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.charts.captions import size_line
from dashboard.data.store import DATASET, load_index, store_state
from dashboard.views.data.charts import class_figure, class_table, shape_figure, shape_table


class IndexSummary(NamedTuple):
    """Statistics of the data set's images.

    Attributes:
        classes: Images per class and split.
        class_names: The classes in alphabetical order.
        class_figure: Share of each class in each split.
        shapes: Shapes of the source images; None where all are square.
        shape_figure: The same drawn, likewise.
        sizes: Sentence on the sizes of the source images.
    """

    classes: pd.DataFrame
    class_names: list[str]
    class_figure: go.Figure
    shapes: pd.DataFrame | None
    shape_figure: go.Figure | None
    sizes: str


def load_index_summary() -> IndexSummary:
    """Statistics of the data set, from its index.

    Raises:
        ArtifactError: The index is missing or damaged.
    """
    return _summary(store_state(f"datasets/{DATASET}"))


@st.cache_resource(max_entries=2, show_spinner=False)
def _summary(state: str) -> IndexSummary:
    index = load_index()
    classes = class_table(index)
    is_square = (index["source_width"] == index["source_height"]).all()
    shapes = None if is_square else shape_table(index)
    return IndexSummary(
        classes=classes,
        class_names=sorted(index["class_name"].unique()),
        class_figure=class_figure(classes),
        shapes=shapes,
        shape_figure=None if shapes is None else shape_figure(shapes),
        sizes=size_line(index),
    )
