"""Tables of the report, for the page and for a program (CSV)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

#: Form of a number with at least three significant digits and no exponent.
THREE_DIGITS = "three digits"


@dataclass(frozen=True)
class Column:
    """How a column is shown.

    Attributes:
        header: Its title.
        form: Format of a number, such as `.2f` or `THREE_DIGITS`; None for a text.
    """

    header: str
    form: str | None = None


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: Unique in the report; the name of its files without ending.
        title: Its heading.
        caption: What a reader needs to know below it.
        frame: All its numbers, in full precision.
        columns: How the columns that are shown are shown, in their order.
    """

    name: str
    title: str
    caption: str
    frame: pd.DataFrame
    columns: Mapping[str, Column]

    def cells(self) -> list[list[str]]:
        """Texts of the shown columns, row by row; empty where there is no value."""
        return [
            [_text(row[name], column.form) for name, column in self.columns.items()]
            for row in self.frame.to_dict("records")
        ]


def without(columns: Mapping[str, Column], name: str) -> dict[str, Column]:
    """The columns but one."""
    return {key: column for key, column in columns.items() if key != name}


def to_csv(table: Table) -> bytes:
    """The whole table in full precision, UTF-8 with one header line."""
    return table.frame.to_csv(index=False).encode("utf-8")


def _text(value: Any, form: str | None) -> str:
    if value is None or pd.isna(value):
        return ""
    if form is None:
        return str(value)
    if value in (float("inf"), float("-inf")):
        return "\N{INFINITY}" if value > 0 else "\N{MINUS SIGN}\N{INFINITY}"
    if form == THREE_DIGITS:
        form = ",.0f" if abs(value) >= 100 else ".3g"
    return format(value, form).replace("-", "\N{MINUS SIGN}")
