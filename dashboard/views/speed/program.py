"""How fast evaluation, training and the dashboard are."""

import pandas as pd
import streamlit as st

from dashboard.views.speed.tables import (
    page_times,
    rates,
    show_pages,
    show_rates,
)
from dashboard.widgets.downloads import download_csv

EVALUATION_HELP = "Encode, decode, PSNR and SSIM of one image of 160x160 in one process."
TRAINING_HELP = "Images of 160x160 that a training goes through, validation not counted."
PAGE_HELP = (
    "From the start of the server, or from the visit to a server that runs and has shown the page "
    "before, to the heading and to the whole page, in Chromium on the same machine with nothing "
    "cached; and from a click in the sidebar of another page."
)


def show_program(table: pd.DataFrame) -> None:
    """How fast evaluation, training and the dashboard are."""
    show_page_times(table)
    parts = (
        ("evaluate", "Evaluation", EVALUATION_HELP, "Codec", "Evaluations"),
        ("train", "Training", TRAINING_HELP, "Model", "Images"),
    )
    found = [(part, rows) for part in parts if len(rows := rates(table, part[0]))]
    for column, (part, rows) in zip(st.columns(2, gap="medium"), found, strict=False):
        operation, title, explanation, subject, unit = part
        with column:
            st.subheader(title, help=explanation)
            show_rates(rows, subject=subject, unit=unit)
            download_csv(rows, file_name=f"bottleneck-{operation}.csv", key=f"csv-{operation}")


def show_page_times(table: pd.DataFrame) -> None:
    """Seconds until each page of the dashboard is shown, and the server's memory."""
    rows = page_times(table)
    if rows.empty:
        return
    st.subheader("Dashboard, seconds to each page", help=PAGE_HELP)
    show_pages(rows)
    most = table.loc[table["operation"] == "memory", "peak_bytes"]
    if most.notna().any():
        mebibytes = most.max() / 2**20
        st.caption(f"Memory of the server after a visit to every page: {mebibytes:,.0f} MiB.")
    download_csv(rows, file_name="bottleneck-pages.csv", key="csv-pages")
