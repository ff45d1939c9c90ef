"""Tables of the Speed page: times and memory of codecs, and how fast the program itself is."""

from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd
import streamlit as st

from core.store import Manifest
from core.store.key import last_part
from core.timing.table import machine_facts
from dashboard.charts.colors import in_legend_order
from dashboard.views.speed.charts import OPERATIONS

_QUARTILES = "A quarter of the rounds was faster, a quarter slower than the two."
_STARTUP = "From the start of a fresh process to the call, imports included."


def show_times(rows: pd.DataFrame) -> None:
    """Rows of `dashboard.views.speed.charts.coding_times` that have a time."""
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "label": st.column_config.TextColumn("Codec", pinned=True),
        "setting": "Setting",
        "operation": "Operation",
        "threads": number("Cores", format="%d"),
        "milliseconds": number("Median", format="%.4g ms"),
        "milliseconds_q1": number("1st quartile", format="%.4g ms", help=_QUARTILES),
        "milliseconds_q3": number("3rd quartile", format="%.4g ms", help=_QUARTILES),
        "megapixels_per_second": number("Megapixels/s", format="%.3g"),
        "file_bytes": number("File", format="localized", help="Bytes of the file."),
        "startup_seconds": number("Start", format="%.2f s", help=_STARTUP),
        "repeats": number("Rounds", format="%d"),
    }
    shown = rows.assign(
        milliseconds=1000 * rows["seconds"],
        milliseconds_q1=1000 * rows["seconds_q1"],
        milliseconds_q3=1000 * rows["seconds_q3"],
        megapixels_per_second=rows["pixels_per_second"] / 1e6,
    )
    order = [name for name in columns if shown[name].notna().any()]
    st.dataframe(shown, hide_index=True, column_order=order, column_config=columns)


def rates(medians: pd.DataFrame, operation: str) -> pd.DataFrame:
    """Times of an operation as rates, the fastest first.

    Columns: method, label, setting, threads, per_second, per_second_low, per_second_high, repeats.
    """
    rows = medians[(medians["operation"] == operation) & (medians["repeats"] > 0)]
    found = rows.assign(
        per_second=1 / rows["seconds"],
        per_second_low=1 / rows["seconds_q3"],
        per_second_high=1 / rows["seconds_q1"],
    )
    names = ["method", "label", "setting", "threads"]
    columns = [*names, "per_second", "per_second_low", "per_second_high", "repeats"]
    return found[columns].sort_values("per_second", ascending=False, ignore_index=True)


def show_rates(rows: pd.DataFrame, *, subject: str, unit: str) -> None:
    """Rows of `rates`.

    Args:
        rows: The rows.
        subject: Title of the first column.
        unit: What is counted, such as `images`.
    """
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "label": subject,
        "per_second": number(f"{unit} per second", format="%.3g"),
        "per_second_low": number("1st quartile", format="%.3g", help=_QUARTILES),
        "per_second_high": number("3rd quartile", format="%.3g", help=_QUARTILES),
        "threads": number("Cores", format="%d"),
        "repeats": number("Rounds", format="%d"),
    }
    st.dataframe(
        rows, hide_index=True, column_order=list(columns), column_config=columns, height="content"
    )


def page_times(medians: pd.DataFrame) -> pd.DataFrame:
    """One row per page of the dashboard, in the order in which they were measured.

    Columns: page, and the median seconds cold_first_content, cold_whole_page, warm_first_content,
    warm_whole_page and warm_opened_by_click; what was not measured has no column.
    """
    rows = medians[medians["operation"].isin(["first_content", "whole_page", "opened_by_click"])]
    rows = rows.assign(column=rows["start"] + "_" + rows["operation"])
    pages = rows["setting"].drop_duplicates()
    table = rows.pivot(index="setting", columns="column", values="seconds").reindex(pages)
    return table.rename_axis(index="page", columns=None).reset_index()


def show_pages(rows: pd.DataFrame) -> None:
    """Rows of `page_times`."""
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "page": "Page",
        "cold_first_content": number("Server starts: heading", format="%.2f s"),
        "cold_whole_page": number("whole page", format="%.2f s"),
        "warm_first_content": number("Server runs: heading", format="%.2f s"),
        "warm_whole_page": number("whole page ", format="%.2f s"),
        "warm_opened_by_click": number("Clicked on another page: whole page", format="%.2f s"),
    }
    st.dataframe(
        rows, hide_index=True, column_order=list(columns), column_config=columns, height="content"
    )


def refusals(medians: pd.DataFrame) -> list[str]:
    """One line per codec and size that gave no time, with its reason."""
    failed = medians[medians["error"].notna()]
    rows = failed.drop_duplicates(["method", "width", "height", "error"])
    return [
        f"**{row['label']}**"
        + ("" if pd.isna(row["width"]) else f" at {row['width']:.0f}x{row['height']:.0f}")
        + f": {row['error']}"
        for _, row in rows.iterrows()
    ]


def untimed_codecs(
    measured: Collection[str], medians: pd.DataFrame, left_out: Collection[str]
) -> list[str]:
    """Codecs with results that the benchmark has neither a time of nor a reason against.

    Args:
        measured: Codecs that have results.
        medians: Rows of `core.timing.table.medians`.
        left_out: Codecs that the benchmark left out, with its reason.
    """
    coded = medians.loc[medians["operation"].isin(list(OPERATIONS)), "method"]
    return in_legend_order([*{*measured} - {*coded} - {*left_out}])


def machine_table(manifests: Iterable[Manifest]) -> pd.DataFrame:
    """One column per part of the benchmark, one row per fact of its machine."""
    return pd.DataFrame(
        {last_part(manifest.key): machine_facts(manifest) for manifest in manifests}
    ).rename_axis("fact")


def show_machine(manifests: Iterable[Manifest]) -> None:
    """The machine that the times are of; one column where all parts share it."""
    table = machine_table(manifests)
    if len(table.columns) > 1 and table.nunique(axis=1).eq(1).all():
        table = table.iloc[:, :1]
    hidden = len(table.columns) == 1
    st.table(table, border="horizontal", hide_header=hidden)
