"""What the curve pages compute from the results, kept between reruns.

Every entry is keyed by the state of the results, as in `dashboard.cache`; nothing of it may be
changed in place.
"""

import pandas as pd
import streamlit as st

from core.codecs import families
from core.measurements import Measurements, lossless_families, lossy_measurements, summary
from dashboard.cache import fingerprint, load_results
from dashboard.charts.bd_rate import bd_matrix, bd_table
from dashboard.charts.rate_distortion import lossless_table


def labels() -> dict[str, str]:
    """What a person reads, by family."""
    return {name: family.label for name, family in families().items()}


def label_of(family: str) -> str:
    """What a person reads for a family, also for one that cannot run here."""
    return labels().get(family, family)


def load_measurements(dataset: str, metric: str) -> dict[str, Measurements]:
    """Measurements by family, of the families that have a curve under the metric."""
    return _measurements(dataset, metric, fingerprint(f"results/{dataset}/"))


def load_lossless(dataset: str) -> pd.DataFrame:
    """Rates of the lossless families, as `lossless_table` gives them."""
    return _lossless(dataset, fingerprint(f"results/{dataset}/"))


def load_bd_table(dataset: str, metric: str, anchor: str) -> pd.DataFrame:
    """BD-rates of all families against an anchor, as `bd_table` gives them."""
    return _bd_table(dataset, metric, anchor, fingerprint(f"results/{dataset}/"))


def load_bd_matrix(dataset: str, metric: str) -> pd.DataFrame:
    """BD-rates of all pairs, as `bd_matrix` gives them."""
    return _bd_matrix(dataset, metric, fingerprint(f"results/{dataset}/"))


@st.cache_resource(max_entries=16, show_spinner=False)
def _measurements(dataset: str, metric: str, state: str) -> dict[str, Measurements]:
    return lossy_measurements(load_results(dataset).frame, metric=metric)


@st.cache_resource(max_entries=4, show_spinner=False)
def _lossless(dataset: str, state: str) -> pd.DataFrame:
    frame = load_results(dataset).frame
    return lossless_table(summary(frame), lossless_families(frame), labels())


@st.cache_data(max_entries=64, show_spinner="Resampling the pictures …")
def _bd_table(dataset: str, metric: str, anchor: str, state: str) -> pd.DataFrame:
    return bd_table(load_measurements(dataset, metric), anchor=anchor, labels=labels())


@st.cache_data(max_entries=16, show_spinner=False)
def _bd_matrix(dataset: str, metric: str, state: str) -> pd.DataFrame:
    return bd_matrix(load_measurements(dataset, metric))
