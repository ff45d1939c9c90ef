"""The figures and tables of a report as files for a paper."""

from core.analysis.zip_archive import zip_of
from core.report.document import Report
from core.report.latex import to_latex
from core.report.printed import printed
from core.report.tables import to_csv


def to_files(report: Report) -> dict[str, bytes]:
    """Content by file name: each figure as SVG, PDF and CSV, each table as LaTeX and CSV."""
    files: dict[str, bytes] = {}
    for plot in report.plots():
        files[f"{plot.name}.svg"] = printed(plot, "svg")
        files[f"{plot.name}.pdf"] = printed(plot, "pdf")
        files[f"{plot.name}.csv"] = plot.numbers().to_csv(index=False).encode("utf-8")
    for table in report.tables():
        files[f"{table.name}.tex"] = to_latex(table)
        files[f"{table.name}.csv"] = to_csv(table)
    return files


def to_zip(report: Report) -> bytes:
    """The same files in one archive."""
    return zip_of(to_files(report))
