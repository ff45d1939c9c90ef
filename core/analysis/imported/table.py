"""The table into which every imported file is read, and the checks that it passes."""

from typing import NamedTuple

import pandas as pd

from core.errors import Refusal
from core.metrics import metrics, range_of

#: Columns beside those of the metrics.
NAMES = ("curve", "setting", "image", "source")
COUNTS = ("images", "bytes", "width", "height")
RATE = "bits_per_pixel"

MAX_ROWS = 1_000_000
MAX_CURVES = 200
#: Bits per pixel: less than a bit for a photograph of 50 megapixels, more than three floats.
MIN_RATE, MAX_RATE = 1e-8, 1000.0
#: Characters of the name of a curve or of a setting, and of a source.
MAX_NAME, MAX_SOURCE = 80, 400
_MARKUP = frozenset("<>")


class UnusableImport(Refusal):
    """A file that is no table of results; the message says where and why."""


class Imported(NamedTuple):
    """Points of curves that others measured.

    Attributes:
        rows: A row per point: `curve`, `setting`, `image` (missing for a mean over images),
            `images` (number behind a mean, where it is known), `bits_per_pixel`, `bytes`,
            `width`, `height`, `source`, and a column per metric.
        format: Display name of the file's format.
        unused: Columns of the file that were not read.
    """

    rows: pd.DataFrame
    format: str
    unused: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics that some row has."""
        return tuple(name for name in metrics() if name in self.rows)

    @property
    def curves(self) -> tuple[str, ...]:
        """Names of the curves, in the file's order."""
        return tuple(self.rows["curve"].unique())


def checked(rows: pd.DataFrame, *, format: str, unused: tuple[str, ...] = ()) -> Imported:
    """The rows with all columns and types, if they are results.

    Args:
        rows: `curve`, `setting`, `bits_per_pixel`, `source`, metrics; the rest may be absent.
        format: Display name of the file's format.
        unused: Columns of the file that were not read.

    Raises:
        UnusableImport: A number is missing, not finite or outside of its range, a name is
            unsuitable, a point occurs twice, or a mean stands beside single images.
    """
    if rows.empty:
        raise UnusableImport("There is no point in it.")
    if len(rows) > MAX_ROWS:
        raise UnusableImport(f"It has {len(rows):,} rows; at most {MAX_ROWS:,} are taken.")
    typed = _typed(rows)
    _check_names(typed)
    _check_numbers(typed)
    _check_twice(typed)
    _check_means(typed)
    return Imported(typed.reset_index(drop=True), format, unused)


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    measured = [name for name in metrics() if name in rows and rows[name].notna().any()]
    if not measured:
        known = ", ".join(metrics())
        raise UnusableImport(
            f"It has no value of a metric that is known here ({known}), so there is no curve."
        )
    columns = {name: rows.get(name) for name in (*NAMES, *COUNTS, RATE, *measured)}
    table = pd.DataFrame(columns, index=rows.index)
    kinds = dict.fromkeys(NAMES, "str") | dict.fromkeys(COUNTS, "Int64")
    return table.astype(kinds | dict.fromkeys((RATE, *measured), "float64"))


def _check_names(rows: pd.DataFrame) -> None:
    for column, most in {"curve": MAX_NAME, "setting": MAX_NAME, "source": MAX_SOURCE}.items():
        for name in rows[column].unique():
            if not isinstance(name, str) or not is_plain(name, most):
                what = {"curve": "name of a codec"}.get(column, column)
                raise UnusableImport(
                    f"A {what} has 1 to {most} printable characters without < and >; "
                    f"received {_shown(name)}."
                )
    curves = rows["curve"].nunique()
    if curves > MAX_CURVES:
        raise UnusableImport(f"It has {curves:,} curves; at most {MAX_CURVES} are taken.")


def is_plain(text: str, most: int) -> bool:
    """Whether a text can be shown as it is: not empty, not too long, without markup."""
    return bool(text.strip()) and len(text) <= most and text.isprintable() and not _MARKUP & {*text}


def _check_numbers(rows: pd.DataFrame) -> None:
    _check_range(rows, RATE, "The rate in bits per pixel", MIN_RATE, MAX_RATE)
    if rows[RATE].isna().any():
        raise UnusableImport(f"{_place(rows, rows[RATE].isna())} has no rate in bits per pixel.")
    for name, metric in metrics().items():
        if name in rows:
            _check_range(rows, name, metric.LABEL, *range_of(name))
    for name in COUNTS:
        _check_range(rows, name, f"The column {name}", 1, 1e12)


def _check_range(rows: pd.DataFrame, column: str, what: str, low: float, high: float) -> None:
    values = rows[column].astype("float64")
    wrong = values.notna() & ~values.between(low, high)
    if wrong.any():
        unit = " Decibels are converted first." if column.startswith("ms_ssim") else ""
        raise UnusableImport(
            f"{what} lies in {low:g}..{high:g}; "
            f"{_place(rows, wrong)} has {values[wrong].iloc[0]:g}.{unit}"
        )


def _check_twice(rows: pd.DataFrame) -> None:
    twice = rows.duplicated(["curve", "image", "setting"])
    if twice.any():
        raise UnusableImport(f"{_place(rows, twice)} is in it twice.")


def _check_means(rows: pd.DataFrame) -> None:
    is_mean = rows["image"].isna()
    mixed = is_mean.groupby(rows["curve"]).transform("nunique") > 1
    if mixed.any():
        raise UnusableImport(
            f"{_place(rows, mixed & is_mean)} has no image, like a mean, but other rows of that "
            "curve are of single images. Leave the means out: they are taken here."
        )


def _place(rows: pd.DataFrame, chosen: "pd.Series[bool]") -> str:
    row = rows[chosen].iloc[0]
    image = f" on {_shown(row['image'])}" if isinstance(row["image"], str) else ""
    return f"{row['curve']} at {row['setting']}{image}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]}..."
