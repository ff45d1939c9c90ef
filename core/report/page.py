"""The report as one self-contained HTML file that loads nothing from a server."""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from core.report.document import Report
from core.report.interactive import figure_json
from core.report.plot import Plot
from core.report.tables import Table

#: The browser itself refuses every connection, whatever the page might contain.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)
#: Tables with more rows are collapsed at first.
_LONG_TABLE = 30


def to_html(report: Report) -> str:
    """Text of the file; texts from the artifacts are escaped."""
    from plotly.offline import get_plotlyjs

    style, draw = (
        (files("core.report") / name).read_text(encoding="utf-8")
        for name in ("page.css", "page.js")
    )
    return (
        _templates()
        .get_template("page.html")
        .render(
            report=report,
            policy=Markup(_POLICY),  # our own text, as are those below
            style=Markup(style),
            plotly=Markup(get_plotlyjs()),
            draw=Markup(draw),
            long_table=_LONG_TABLE,
        )
    )


def table_html(table: Table) -> Markup:
    """The table as an HTML element; every text is escaped."""
    columns = list(table.columns.values())
    rows = [list(zip(columns, cells, strict=True)) for cells in table.cells()]
    return Markup(_templates().get_template("table.html").render(columns=columns, rows=rows))


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    found.filters["inline"] = _inline
    found.filters["as_table"] = table_html
    found.filters["figure_json"] = lambda plot: Markup(figure_json(plot))
    found.tests["plot"] = lambda part: isinstance(part, Plot)
    return found


def _inline(text: str) -> Markup:
    """The text, escaped, with what stands between `**` bold and between backticks as code."""
    escaped = str(escape(text))
    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escaped)
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", bold))
