"""All studies of the store as a table, folded."""

from typing import Any

import streamlit as st

from core.search.studies import STATES
from dashboard.views.trials.study_cache import Studies, study_labels
from dashboard.views.trials.tables import studies_table
from dashboard.widgets.downloads import download_csv


def show_studies(studies: Studies) -> None:
    """One row per study: direction, budget and data set."""
    table = studies_table(studies.found.values())
    labels = study_labels(studies.found)
    with st.expander("The studies: trials, budgets, data"):
        # States without any trial are omitted.
        states = [state for state in STATES if table[state].any()]
        live = ["live"] if table["live"].any() else []
        columns: dict[str, Any] = {
            "label": st.column_config.TextColumn("Study", pinned=True),
            "live": st.column_config.CheckboxColumn("Live"),
            "trials": "Trials",
            **{state: state.capitalize() for state in STATES},
            "best_value": st.column_config.NumberColumn("Best score", format="%.2f"),
            "best_trial": "Best trial",
            "direction": "Direction",
            "images": st.column_config.NumberColumn("Images per epoch", format="localized"),
            "validation_images": "Validation images",
            "epochs": "Epochs per trial",
            "created": st.column_config.DatetimeColumn("Begun", format="YYYY-MM-DD HH:mm"),
            "dataset_sha256": st.column_config.TextColumn("Data set (sha256)", width="small"),
        }
        hidden = {*STATES, "live"} - {*states, *live}
        shown = table.assign(label=[labels[name] for name in table["study"]])
        st.dataframe(
            shown,
            hide_index=True,
            height="content",
            column_order=[name for name in columns if name not in hidden],
            column_config=columns,
        )
        download_csv(table, file_name="studies.csv", key="csv-studies")
