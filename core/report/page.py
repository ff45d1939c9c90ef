"""The report as one HTML file: it holds everything it needs and asks no server for anything."""

import html
import re
from importlib.resources import files

from core.report.document import Report, Section
from core.report.interactive import figure_json
from core.report.plot import Plot
from core.report.tables import Table
from core.report.tables import to_html as table_html

#: The browser itself refuses every connection, whatever the page might contain.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)
#: Tables with more rows are folded until somebody wants to see them.
_LONG_TABLE = 30
_DRAW = """
for (const place of document.querySelectorAll("figure > div[data-figure]")) {
  const {data, layout, config} = JSON.parse(
    document.getElementById(place.dataset.figure).textContent);
  Plotly.newPlot(place, data, layout, config);
}
"""


def to_html(report: Report) -> str:
    """Text of the file; texts from the artifacts are escaped."""
    from plotly.offline import get_plotlyjs

    body = "\n".join(_section(section) for section in report.sections)
    abstract = "".join(f"<p>{_inline(text)}</p>" for text in report.abstract)
    links = "".join(
        f'<a href="#{section.name}">{html.escape(section.title)}</a>' for section in report.sections
    )
    style = (files("core.report") / "page.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{html.escape(report.title)}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{html.escape(report.title)}</h1>
{abstract}
<nav>{links}</nav>
{body}
</main>
<script>{get_plotlyjs()}</script>
<script>{_DRAW}</script>
</body>
</html>
"""


def _section(section: Section) -> str:
    paragraphs = "".join(f"<p>{_inline(text)}</p>" for text in section.paragraphs)
    parts = "\n".join(
        _figure(part) if isinstance(part, Plot) else _table(part) for part in section.parts
    )
    return (
        f'<section id="{section.name}">\n<h2>{html.escape(section.title)}</h2>\n'
        f"{paragraphs}\n{parts}\n</section>"
    )


def _figure(plot: Plot) -> str:
    name = f"figure-{plot.name}"
    return (
        f"<figure><h3>{html.escape(plot.title)}</h3>"
        f'<div data-figure="{name}" style="height:{plot.height}px"></div>'
        f"<figcaption>{_inline(plot.caption)}</figcaption>"
        f'<script type="application/json" id="{name}">{figure_json(plot)}</script></figure>'
    )


def _table(table: Table) -> str:
    content = f'<div class="wide">{table_html(table)}</div>'
    if len(table.frame) > _LONG_TABLE:
        content = f"<details><summary>{len(table.frame)} rows</summary>{content}</details>"
    return (
        f"<figure><h3>{html.escape(table.title)}</h3>{content}"
        f"<figcaption>{_inline(table.caption)}</figcaption></figure>"
    )


def _inline(text: str) -> str:
    """The text, escaped, with what stands between `**` bold and between backticks as code."""
    escaped = html.escape(text)
    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escaped)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", bold)
