"""The report's tables in the program that they are for: pdfLaTeX, on A4 paper."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from core.report.content import build_report
from core.report.latex import to_latex
from core.report.tables import Table
from core.store import ArtifactStore

DOCUMENT = r"""\documentclass[a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{array,booktabs,longtable}
\begin{document}
%s
\end{document}
"""


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return list(build_report(ArtifactStore.default()).tables())


@pytest.fixture
def pdflatex() -> str:
    found = shutil.which("pdflatex")
    if found is None and os.environ.get("CI") != "true":
        pytest.skip("needs pdflatex: Debian's texlive-latex-recommended")
    assert found
    return found


@pytest.mark.slow
def test_every_table_compiles_and_none_runs_off_the_page(
    tables: list[Table], pdflatex: str, tmp_path: Path
) -> None:
    assert len(tables) >= 8
    for table in tables:
        (tmp_path / f"{table.name}.tex").write_bytes(to_latex(table))
    inputs = "\n".join(rf"\input{{{table.name}.tex}}" for table in tables)
    (tmp_path / "all.tex").write_text(DOCUMENT % inputs, encoding="utf-8")
    flags = ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape"]
    done = subprocess.run(
        [pdflatex, *flags, "all.tex"], cwd=tmp_path, capture_output=True, timeout=120
    )
    log = (tmp_path / "all.log").read_text(encoding="latin-1")
    assert done.returncode == 0, log[-3000:]
    assert (tmp_path / "all.pdf").stat().st_size > 10_000
    overfull = re.findall(r"Overfull \\hbox.*", log)
    assert not overfull, overfull
    missing = re.findall(r"Missing character.*", log)
    assert not missing, missing
