"""Curves in a CSV file: a row per point, or per image and setting."""

import csv
import io
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from core.analysis.imported.columns import chosen_columns, metric_of, value_of
from core.analysis.imported.rates import has_sizes, rate_names, with_rates
from core.analysis.imported.table import MAX_ROWS, RATE, Imported, UnusableImport, checked

FORMAT = "CSV"
_CURVES = ("label", "codec", "method", "name", "curve")
_SETTINGS = ("setting", "quality", "dial", "qp", "q")
_IMAGES = ("image", "file", "filename")
_LONG = ("metric", "value")


def read_csv(data: bytes, *, stem: str, source: str | None) -> Imported:
    """Points of a CSV file with a header line.

    A column of metrics' names beside one of values, as the tables that this program saves have,
    is read as well as a column per metric.

    Args:
        data: The file.
        stem: Name of the curve where no column names it.
        source: Where the points come from; the column `source` when None.

    Raises:
        UnusableImport: It is no such file.
    """
    header, lines = _lines(data)
    roles = _roles(header)
    columns = chosen_columns(header)
    if "metric" in roles:  # the values are in one column
        columns = {name: read for name, read in columns.items() if not metric_of(read)}
    rows = [_row(line.fields, line.number, roles, columns) for line in lines]
    if not rows:
        raise UnusableImport("There is no point in it.")
    if RATE not in columns and not has_sizes(columns):
        raise UnusableImport(
            "No column gives the rate: bpp or bits_per_pixel, or bytes, width and height."
        )
    table = with_rates(pd.DataFrame(rows))
    if "bytes" in table:  # a mean of sizes is the size of no file
        images = table["image"] if "image" in table else pd.Series(None, table.index, dtype="str")
        table["bytes"] = table["bytes"].where(images.notna())
    for column, value in {"curve": stem, "source": source}.items():
        if column not in table or (column == "source" and source):
            table[column] = value
    if table["source"].isna().any():
        raise UnusableImport("Say where the points come from: --source, or a column source.")
    if "setting" not in table:
        names = pd.Series(rate_names(table[RATE]), table.index)
        table["setting"] = names.where(table[RATE].notna(), "?")
    used = {*roles.values(), *columns.values()}
    return checked(table, format=FORMAT, unused=tuple(name for name in header if name not in used))


class _Line(NamedTuple):
    number: int
    fields: dict[str, str]


def _lines(data: bytes) -> tuple[list[str], list[_Line]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableImport("It is no text in UTF-8.") from error
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        found = [(reader.line_num, line) for line in reader if line]
    except csv.Error as error:
        raise UnusableImport(f"It is no CSV file: {error}.") from error
    if len(found) > MAX_ROWS + 1:
        raise UnusableImport(f"It has {len(found):,} lines; at most {MAX_ROWS:,} are taken.")
    if not found:
        raise UnusableImport("It is empty.")
    header = [name.strip() for name in found[0][1]]
    if len({*header}) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise UnusableImport(f"Two columns are called {twice!r}.")
    for number, line in found[1:]:
        if len(line) != len(header):
            raise UnusableImport(
                f"Line {number} has {len(line)} fields, the header {len(header)}; commas separate "
                "them."
            )
    return header, [
        _Line(number, dict(zip(header, line, strict=True))) for number, line in found[1:]
    ]


def _roles(header: list[str]) -> dict[str, str]:
    """Columns that hold texts, by what they mean."""
    lower = {name.lower(): name for name in header}
    roles = {}
    for role, names in {"curve": _CURVES, "setting": _SETTINGS, "image": _IMAGES}.items():
        if found := next((lower[name] for name in names if name in lower), None):
            roles[role] = found
    if "source" in lower:
        roles["source"] = lower["source"]
    if all(name in lower for name in _LONG):
        roles |= {name: lower[name] for name in _LONG}
    return roles


def _row(
    line: Mapping[str, str], number: int, roles: Mapping[str, str], columns: Mapping[str, str]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        role: line[name].strip() for role, name in roles.items() if role not in _LONG
    }
    if not row.get("image", ""):
        row.pop("image", None)  # a mean over images
    for column, name in columns.items():
        if text := line[name].strip():
            place, is_mean = f"Line {number}, column {name},", "image" not in row
            row[column] = value_of(column, text, place, is_mean=is_mean)
    if "metric" in roles:
        row |= _measured(line, number, roles)
    return row


def _measured(
    line: Mapping[str, str], number: int, roles: Mapping[str, str]
) -> dict[str, float | int]:
    metric = metric_of(line[roles["metric"]])
    if metric is None:
        raise UnusableImport(
            f"Line {number} has the metric {line[roles['metric']][:40]!r}, which is not known here."
        )
    place = f"Line {number}, column {roles['value']},"
    return {metric: value_of(metric, line[roles["value"]], place)}
