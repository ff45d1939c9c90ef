"""The index of the data set as a table."""

import pandas as pd
import streamlit as st

from core.store import Manifest
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.states import (
    short_hash,
)


def show_index(index: pd.DataFrame, manifest: Manifest | None) -> None:
    """The index: one row per image."""
    st.subheader("Index", help="One row per image. The sha256 is that of the source file.")
    st.dataframe(
        index,
        hide_index=True,
        height=320,
        column_config={
            "id": "Image",
            "class_id": "WordNet id",
            "class_name": "Class",
            "split": "Split",
            "sha256": st.column_config.TextColumn("sha256", width="small"),
            "source_width": "Source width",
            "source_height": "Source height",
            "grey": "Without colour",
            "phash": "Perceptual hash",
        },
    )
    name = short_hash(manifest.facts["sha256"]) if manifest else "index"
    download_csv(
        index, file_name=f"imagenette160-{name}.csv", key="csv-index", label="Index as CSV"
    )
