"""Curves that others measured, for the page Rate-distortion alone, kept between reruns."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.analysis.bd_tables import bd_matrix, bd_table
from core.analysis.imported.artifact import Imports, load_imports
from core.analysis.imported.curves import Quoted, quoted_curves, quoted_label
from core.analysis.labels import label_of
from core.codecs.styles import in_legend_order
from core.evaluation.measurements import Measurements
from dashboard.data.curves import View, load_bd_matrix, load_bd_table, load_measurements
from dashboard.data.store import dataset_state, load_results, open_store, store_state


def load_dataset_imports(dataset: str) -> Imports:
    """Imported files of a data set; those that cannot be read are among its problems."""
    return _imports(dataset, store_state(f"imports/{dataset}/"))


def load_quoted(view: View) -> dict[str, Quoted]:
    """Curves that can be quoted beside a view's, by their keys.

    Others' rates count whole files and their PSNR is the mean over images, or is taken to be so:
    beside another rate or mean of ours there is nothing to quote.
    """
    if view.payload or view.pooled:
        return {}
    return _quoted(view, _state(view))


def load_quoted_bd_table(view: View, anchor: str, *, quoted: Sequence[str]) -> pd.DataFrame:
    """BD-rates of all codecs and of some quoted curves against one of them."""
    measured = load_measurements(view)
    if anchor not in measured:
        return _bd_rows(view, anchor, (*measured, *quoted), _state(view))
    own = load_bd_table(view, anchor)
    if not quoted:
        return own
    table = pd.concat([own, _bd_rows(view, anchor, tuple(quoted), _state(view))])
    return table.sort_values("bd_rate_percent", na_position="last", ignore_index=True)


def load_quoted_bd_matrix(view: View, *, quoted: Sequence[str]) -> pd.DataFrame:
    """BD-rates of all pairs of codecs and of some quoted curves."""
    return _matrix(view, tuple(quoted), _state(view)) if quoted else load_bd_matrix(view)


def curve_label(name: str) -> str:
    """Display label of a codec or of the key of a quoted curve."""
    return quoted_label(name) if is_quoted(name) else label_of(name)


def is_quoted(name: str) -> bool:
    """Whether it is the key of a quoted curve, not the name of a codec."""
    return "/" in name


def _state(view: View) -> str:
    return dataset_state(view.dataset) + store_state(f"imports/{view.dataset}/")


@st.cache_resource(max_entries=4, show_spinner=False)
def _imports(dataset: str, state: str) -> Imports:
    return load_imports(open_store(), dataset)


@st.cache_resource(max_entries=8, show_spinner=False)
def _quoted(view: View, state: str) -> dict[str, Quoted]:
    frame = load_results(view.dataset).frame
    return quoted_curves(
        load_dataset_imports(view.dataset).found,
        dataset=view.dataset,
        metric=view.metric,
        images=frame["image"].astype(str).unique(),
    )


def _tables(view: View, names: Sequence[str]) -> dict[str, Measurements]:
    quoted = {key: one.table for key, one in load_quoted(view).items()}
    every = load_measurements(view) | quoted
    return {name: every[name] for name in names}


@st.cache_resource(max_entries=16, show_spinner="Resampling the images …")
def _bd_rows(view: View, anchor: str, names: tuple[str, ...], state: str) -> pd.DataFrame:
    tables = _tables(view, list(dict.fromkeys([anchor, *names])))
    labels = {name: curve_label(name) for name in tables}
    return bd_table(tables, anchor=anchor, labels=labels)


@st.cache_resource(max_entries=8, show_spinner=False)
def _matrix(view: View, quoted: tuple[str, ...], state: str) -> pd.DataFrame:
    measured = in_legend_order(list(load_measurements(view)))
    return bd_matrix(_tables(view, [*measured, *quoted]))
