import math
import re

import pandas as pd
import pytest

from core.report.latex import to_latex
from core.report.page import table_html
from core.report.tables import THREE_DIGITS, Column, Table, to_csv


@pytest.fixture
def table() -> Table:
    frame = pd.DataFrame(
        {
            "name": ["a & b_1", "<script>"],
            "value": [-1.2345, math.inf],
            "gap": [None, 3.0],
            "hidden": [1, 2],
        }
    )
    columns = {
        "name": Column("Na%me"),
        "value": Column("Value", ".2f"),
        "gap": Column("Gap", ".0f"),
    }
    return Table("example", "An example", "With 5 % of it.", frame, columns)


def test_cells_are_formatted_and_gaps_are_empty(table: Table) -> None:
    assert table.cells() == [
        ["a & b_1", "\N{MINUS SIGN}1.23", ""],
        ["<script>", "\N{INFINITY}", "3"],
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1,234"), (0.01234, "0.0123"), (2e6, "2,000,000")]
)
def test_three_digits_are_shown_without_an_exponent(value: float, text: str) -> None:
    table = Table("one", "", "", pd.DataFrame({"x": [value]}), {"x": Column("x", THREE_DIGITS)})
    assert table.cells() == [[text]]


def test_html_escapes_every_text(table: Table) -> None:
    text = table_html(table)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert '<td class="number">\N{MINUS SIGN}1.23</td>' in text


def test_latex_escapes_what_latex_would_read(table: Table) -> None:
    text = to_latex(table).decode()
    assert r"a \& b\_1 & $-$1.23 &  \\" in text
    assert r"Na\%me" in text
    assert r"\caption{An example. With 5 \% of it.}\label{tab:example}" in text
    assert text.count(r"\begin{") == text.count(r"\end{")


def test_csv_has_all_columns_in_full_precision(table: Table) -> None:
    lines = to_csv(table).decode().splitlines()
    assert lines[0] == "name,value,gap,hidden"
    assert "-1.2345" in lines[1]


def test_captions_in_latex_hold_no_markdown() -> None:
    frame = pd.DataFrame({"x": [1.0]})
    table = Table("one", "One", "**Bold** and `a_b`.", frame, {"x": Column("x", ".1f")})
    assert r"\textbf{Bold} and \texttt{a\_b}." in to_latex(table).decode()


def test_columns_in_latex_fill_the_line_at_most_and_texts_wrap() -> None:
    words = "a text of many words that no page could hold on one line " * 4
    frame = pd.DataFrame({f"c{n}": [words if n < 2 else n * 1.5] for n in range(8)})
    columns = {name: Column(name, None if n < 2 else ".2f") for n, name in enumerate(frame)}
    text = to_latex(Table("wide", "Wide", "", frame, columns)).decode()
    shares = [float(share) for share in re.findall(r"dimexpr ([0-9.]+)", text)]
    assert len(shares) == 8
    assert sum(shares) <= 1.0005
    assert min(shares[:2]) > max(shares[2:])
    assert r"\begin{longtable}" in text
    assert text.count(r"\raggedright") == 2
