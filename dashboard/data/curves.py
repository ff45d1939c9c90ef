"""Cache of the curve pages' tables and figures.

Every entry is keyed by the state of the results, as in `dashboard.data.store`; nothing of it may be
changed in place.
"""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analysis.bd_tables import bd_matrix, bd_table
from core.analysis.curve_views import POOLED_LABEL, curve_measurements, exact_settings
from core.analysis.labels import labels
from core.analysis.lossless import lossless_table
from core.analysis.optimised_for import model_rates
from core.analysis.payload import without_containers
from core.analysis.stored_bd_rates import ANCHOR, METRIC, BdRates, load_bd_rates
from core.codecs.container_bytes import containers
from core.evaluation.measurements import (
    Measurements,
    lossless_codecs,
    on_common_images,
    on_images_of,
    summary,
)
from core.metrics import metrics
from dashboard.charts.rate_distortion import (
    Look,
    point_table,
    rate_distortion_figure,
)
from dashboard.data.derived import kept_table
from dashboard.data.store import dataset_state, load_results, open_store, store_state
from dashboard.formats import metric_d3_format


@dataclass(frozen=True)
class View:
    """Selection of the curves: data set, metric, and kind of rate and mean.

    Attributes:
        dataset: Data set that they were measured on.
        metric: Metric of the vertical axis.
        payload: Whether the rate excludes the bytes of the container.
        pooled: Whether a PSNR is that of the mean squared error over all images.
    """

    dataset: str
    metric: str
    payload: bool = False
    pooled: bool = False

    @property
    def metric_label(self) -> str:
        """Title of the vertical axis."""
        return POOLED_LABEL if self.pooled else metrics()[self.metric].LABEL

    @property
    def rate_label(self) -> str:
        """Title of the horizontal axis, and of a column of rates."""
        return f"Bits per pixel ({'without containers' if self.payload else 'whole file'})"

    @property
    def metric_name(self) -> str:
        """What saved tables call the metric: an import refuses what is not measured as usual."""
        return " ".join([self.metric, *self._marks])

    @property
    def file_name(self) -> str:
        """Start of the names of files that are saved from the view."""
        return "-".join([self.dataset, self.metric, *self._marks])

    @property
    def _marks(self) -> list[str]:
        return ["without-containers"] * self.payload + ["pooled"] * self.pooled


def load_measurements(view: View) -> dict[str, Measurements]:
    """Measurements by codec, of the codecs that have a curve under the metric."""
    return _measurements(view, _state(view))


def load_shared(view: View) -> pd.DataFrame:
    """Results on the images that the view's curves are over, with the rates of whole files."""
    frame = on_common_images(load_results(view.dataset).frame)
    return on_images_of(frame, load_measurements(view))


def load_lossless(view: View) -> pd.DataFrame:
    """Rates of the lossless codecs on the images of the curves, as `lossless_table` gives them."""
    return _lossless(view, _state(view))


def load_exact_settings(view: View) -> dict[str, list[str]]:
    """Settings that keep every pixel by codec, as `exact_settings` gives them."""
    return _exact_settings(view, _state(view))


def load_overheads() -> dict[str, int]:
    """Bytes of the container by codec; a codec that cannot run here is left out."""
    return _overheads(store_state("models/"))


def load_bd_table(view: View, anchor: str) -> pd.DataFrame:
    """BD-rates of all codecs against an anchor, as `bd_table` gives them."""
    return _bd_table(view, anchor, _state(view))


def load_bd_matrix(view: View) -> pd.DataFrame:
    """BD-rates of all pairs, as `bd_matrix` gives them."""
    return _bd_matrix(view, _state(view))


def load_model_rates(dataset: str) -> pd.DataFrame:
    """BD-rates of BNK's two models, as `core.analysis.optimised_for.model_rates` gives them."""
    view = View(dataset, METRIC)
    stored = _stored(view, _state(view))
    if stored is None:
        return model_rates(on_common_images(load_results(dataset).frame))
    return stored.models


def load_points(view: View) -> pd.DataFrame:
    """Points of the curves of all codecs, as `point_table` gives them."""
    return _points(view, _state(view))


def load_curves(
    view: View,
    *,
    points: pd.DataFrame,
    lossless: pd.DataFrame,
    look: Look,
    chosen: tuple[str, str] | None,
) -> go.Figure:
    """Cached figure of the curves of some points.

    Args:
        view: What is drawn.
        points: Rows of `load_points`, with their index.
        lossless: Rows of `load_lossless`, with their index.
        look: What is shown beside the mean curves.
        chosen: Codec and setting of the point that gets a ring.
    """
    rows = (tuple(points.index), tuple(lossless.index))
    return _curves(view, rows, look, chosen, _state(view), points, lossless)


def _state(view: View) -> str:
    """Cache key of the results, and of the containers where they are taken off."""
    return f"{dataset_state(view.dataset)} {_containers(view)}"


def _containers(view: View) -> dict[str, int]:
    """Bytes that a view's rates leave out, by codec: other models or encoders have others."""
    return load_overheads() if view.payload else {}


@st.cache_resource(max_entries=16, show_spinner=False)
def _measurements(view: View, state: str) -> dict[str, Measurements]:
    frame = on_common_images(load_results(view.dataset).frame)
    overheads = _containers(view) if view.payload else None
    return curve_measurements(frame, metric=view.metric, overheads=overheads, pooled=view.pooled)


@st.cache_resource(max_entries=2, show_spinner="Weighing the containers …")
def _overheads(state: str) -> dict[str, int]:
    return containers(open_store())


@st.cache_resource(max_entries=16, show_spinner=False)
def _lossless(view: View, state: str) -> pd.DataFrame:
    shared = load_shared(view)
    exact = [name for name in lossless_codecs(shared) if name not in load_measurements(view)]
    rows = shared[shared["codec"].isin(exact)]
    rated = without_containers(rows, _containers(view)) if view.payload else rows
    return lossless_table(summary(rated), exact, labels())


@st.cache_resource(max_entries=16, show_spinner=False)
def _exact_settings(view: View, state: str) -> dict[str, list[str]]:
    return exact_settings(load_shared(view))


@st.cache_resource(max_entries=16, show_spinner=False)
def _points(view: View, state: str) -> pd.DataFrame:
    return point_table(load_measurements(view), labels())


@st.cache_resource(max_entries=64, show_spinner=False)
def _curves(
    view: View,
    rows: tuple[tuple[int, ...], tuple[int, ...]],
    look: Look,
    chosen: tuple[str, str] | None,
    state: str,
    _points: pd.DataFrame,
    _lossless: pd.DataFrame,
) -> go.Figure:
    return rate_distortion_figure(
        _points,
        metric_label=view.metric_label,
        look=look,
        lossless=_lossless,
        tables=load_measurements(view),
        chosen=chosen,
        value_format=metric_d3_format(view.metric),
        rate_label=view.rate_label,
    )


@st.cache_resource(max_entries=64, show_spinner="Resampling the images …")
def _bd_table(view: View, anchor: str, state: str) -> pd.DataFrame:
    stored = _stored(view, state)
    if stored is not None and anchor == ANCHOR:
        table = stored.table
    else:
        tables = load_measurements(view)
        table = kept_table(
            f"bd-rate-{view.file_name}-{anchor}",
            load_results(view.dataset).manifests,
            salt=f"{view} {sorted(tables)} over {len(tables[anchor].images)} images"
            + (f" without {_containers(view)}" if view.payload else ""),
            compute=lambda: bd_table(tables, anchor=anchor, labels={}),
        )
    named = {name: label for name, label in labels().items() if name in set(table["codec"])}
    return table.assign(label=table["codec"].map(lambda codec: named.get(codec, codec)))


@st.cache_resource(max_entries=16, show_spinner=False)
def _bd_matrix(view: View, state: str) -> pd.DataFrame:
    stored = _stored(view, state)
    return bd_matrix(load_measurements(view)) if stored is None else stored.matrix


@st.cache_resource(max_entries=4, show_spinner=False)
def _stored(view: View, state: str) -> BdRates | None:
    """BD-rates that were computed when the results were committed, where they are the view's."""
    if view != View(view.dataset, METRIC):
        return None
    return load_bd_rates(open_store(), view.dataset, load_results(view.dataset).manifests)
