"""Numbers of a page as files."""

import pandas as pd
import streamlit as st


def download_csv(
    frame: pd.DataFrame, *, file_name: str, key: str, label: str = "Numbers as CSV"
) -> None:
    """Button that saves a table as CSV (UTF-8, one header line, full precision).

    The file is made when the button is clicked, so that a large table costs nothing before.
    """
    st.download_button(
        label,
        data=lambda: frame.to_csv(index=False).encode("utf-8"),
        file_name=file_name,
        mime="text/csv",
        key=key,
        icon=":material/download:",
        on_click="ignore",
    )
