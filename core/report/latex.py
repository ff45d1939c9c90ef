"""Tables of the report for a paper, in LaTeX: they wrap their texts and break over pages."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from core.report.tables import Column, Table

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "/": r"/\allowbreak{}",
    "\N{INFINITY}": r"$\infty$",
    "\N{MINUS SIGN}": r"$-$",
    "\N{GREEK CAPITAL LETTER DELTA}": r"$\Delta$",
}


class _Size(NamedTuple):
    """A size of letters: its name, the width of a digit, and the space between columns."""

    name: str
    digit_points: float
    gap_points: float


#: Sizes of Computer Modern.
_SIZES = (
    _Size("footnotesize", 4.25, 6.0),
    _Size("scriptsize", 3.98, 5.0),
    _Size("tiny", 3.4, 4.0),
)
#: Widths of letters in digits, rounded up; those that are in no group have `_OTHER_LETTERS`.
_WIDTHS = {
    **dict.fromkeys("ijl.,:;|!'()[] ", 0.62),
    **dict.fromkeys("rst", 0.8),
    **dict.fromkeys("fI-cez", 0.9),
    **dict.fromkeys("0123456789ao/", 1.0),
    **dict.fromkeys("mMWwQ%@", 1.75),
    **dict.fromkeys("ABCDEFGHKLNOPRTUVXYZ\N{MINUS SIGN}+=<>\N{INFINITY}", 1.58),
}
_OTHER_LETTERS = 1.12
#: Width of a line of an article on A4 paper.
_LINE_POINTS = 345.0
#: Digits of a text column that are wished for before it is wrapped.
_PREFERRED_LETTERS = 40
#: Where a line may be broken inside a cell.
_BREAKS = re.compile(r"\s+|(?<=[-/])")


def to_latex(table: Table) -> bytes:
    """The table as a `longtable`, for documents that load `booktabs`, `longtable` and `array`.

    Its size of letters is set inside, so that it fits to the width of an article on A4 paper.
    """
    columns = list(table.columns.values())
    cells = table.cells()
    size, shares = _layout(columns, cells)
    heads = " & ".join(_escaped(column.header) for column in columns)
    title, caption = _inline(table.title.rstrip(".")), _inline(table.caption)
    head = [r"    \toprule", rf"    {heads} \\", r"    \midrule"]
    lines = [
        r"% Needs \usepackage{array,booktabs,longtable}.",
        r"\begingroup",
        rf"  \{size.name}",
        rf"  \setlength{{\tabcolsep}}{{{size.gap_points / 2:g}pt}}",
        r"  \setlength{\LTcapwidth}{\linewidth}",
        rf"  \begin{{longtable}}{{{_preamble(columns, shares)}}}",
        rf"    \caption{{{title}. {caption}}}\label{{tab:{table.name}}} \\",
        *head,
        r"    \endfirsthead",
        *head,
        r"    \endhead",
        r"    \bottomrule",
        r"    \endlastfoot",
        *(f"    {' & '.join(map(_escaped, row))} \\\\" for row in cells),
        r"  \end{longtable}",
        r"\endgroup",
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def _preamble(columns: Sequence[Column], shares: Sequence[float]) -> str:
    """Columns of fixed width, numbers to the right; together exactly as wide as the line."""
    kinds = [
        rf">{{\{'raggedright' if column.form is None else 'raggedleft'}\arraybackslash}}"
        rf"p{{\dimexpr {share:.4f}\linewidth-2\tabcolsep\relax}}"
        for column, share in zip(columns, shares, strict=True)
    ]
    return "".join(kinds)


def _layout(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> tuple[_Size, list[float]]:
    """Size of the letters at which no word is wider than its column, and the columns' shares."""
    texts = [[column.header, *(row[at] for row in cells)] for at, column in enumerate(columns)]
    shortest = [max(_longest_word(text) for text in column) for column in texts]
    preferred = [min(max(map(_width, column)), _PREFERRED_LETTERS) for column in texts]
    size = _size(shortest)
    digit = size.digit_points
    least = [count * digit + size.gap_points for count in shortest]
    extra = [max(0.0, (more - few) * digit) for more, few in zip(preferred, shortest, strict=True)]
    free = max(0.0, _LINE_POINTS - sum(least))
    part = free / sum(extra) if sum(extra) else 0.0
    widths = [few + part * more for few, more in zip(least, extra, strict=True)]
    scale = min(1.0, _LINE_POINTS / sum(widths)) if sum(widths) > _LINE_POINTS else 1.0
    return size, [scale * width / _LINE_POINTS for width in widths]


def _size(digits: Sequence[float]) -> _Size:
    """The largest size of letters at which columns as wide as so many digits fit."""
    fitting = [
        size
        for size in _SIZES
        if sum(digits) * size.digit_points + len(digits) * size.gap_points <= _LINE_POINTS
    ]
    return fitting[0] if fitting else _SIZES[-1]


def _longest_word(text: str) -> float:
    return max((_width(word) for word in _BREAKS.split(text)), default=1.0)


def _width(text: str) -> float:
    """Printed width in digits, not less than it is."""
    return sum(_WIDTHS.get(letter, _OTHER_LETTERS) for letter in text)


def _inline(text: str) -> str:
    """The text with what stands between `**` bold and between backticks in typewriter letters."""
    bold = re.sub(r"\*\*(.+?)\*\*", r"\\textbf{\1}", _escaped(text))
    return re.sub(r"`(.+?)`", r"\\texttt{\1}", bold)


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)
