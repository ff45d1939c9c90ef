"""Grid of containers, which are stacked in order on a narrow screen."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def grid(count: int, *, columns: int) -> list[DeltaGenerator]:
    """Containers of a grid with `columns` columns."""
    cells: list[DeltaGenerator] = []
    for start in range(0, count, columns):
        row = st.columns(columns, gap="small")
        cells += row[: count - start]
    return cells
