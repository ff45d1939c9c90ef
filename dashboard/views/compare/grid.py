"""Places side by side, which follow one another in order on a narrow screen."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def grid(count: int, *, columns: int) -> list[DeltaGenerator]:
    """So many places in rows of `columns`."""
    cells: list[DeltaGenerator] = []
    for start in range(0, count, columns):
        row = st.columns(columns, gap="small")
        cells += row[: count - start]
    return cells
