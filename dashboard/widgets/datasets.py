"""The choice of a data set, where there are results of several."""

import streamlit as st

from core.evaluation.results import result_datasets
from dashboard.data.store import DATASET, open_store


def choose_dataset(label: str = "Data set") -> str:
    """Data set that is shown; a choice only where there are several.

    Args:
        label: Label of the picker.
    """
    names = result_datasets(open_store()) or [DATASET]
    if len(names) == 1:
        return names[0]
    start = names.index(DATASET) if DATASET in names else 0
    return st.selectbox(
        label, names, index=start, key="dataset", bind="query-params", width="stretch"
    )
