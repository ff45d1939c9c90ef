"""Download of the report, which is made on request."""

from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.data.store import open_store, store_state

if TYPE_CHECKING:
    from core.report.document import Report

_HTML_HELP = (
    "One HTML file with every finding, curve, table and source that opens offline in a browser. "
    "Creating it takes some seconds after the click."
)
_ZIP_HELP = "Each figure as SVG and PDF, each table as LaTeX and CSV."


def show_report_downloads(dataset: str) -> None:
    """Buttons that save the report as one page, and its figures and tables.

    Args:
        dataset: Data set whose results are reported; the files are named after it.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Report as one page",
            data=lambda: _page(dataset),
            file_name=f"bottleneck-report-{dataset}.html",
            mime="text/html",
            key="report-html",
            icon=":material/article:",
            help=_HTML_HELP,
            on_click="ignore",
        )
        st.download_button(
            "Figures and tables for a paper",
            data=lambda: _archive(dataset),
            file_name=f"bottleneck-figures-{dataset}.zip",
            mime="application/zip",
            key="report-zip",
            icon=":material/folder_zip:",
            help=_ZIP_HELP,
            on_click="ignore",
        )


def _page(dataset: str) -> bytes:
    from core.report.page import to_html  # here, as below: the page itself needs no report

    return to_html(_report(dataset, store_state(""))).encode("utf-8")


def _archive(dataset: str) -> bytes:
    from core.report.files import to_zip

    return to_zip(_report(dataset, store_state("")))


@lru_cache(maxsize=1)
def _report(dataset: str, state: str) -> "Report":
    from core.report.content import build_report

    return build_report(open_store(), dataset=dataset)
