"""Reconstructions as a table of numbers, and as the words that stand beside an image."""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core.evaluation.comparison import BYTES, Reconstruction
from core.metrics import metrics, sign_of
from dashboard.formats import metric_text

_LOWER_IS_BETTER = (
    "bytes",
    "bits_per_pixel",
    "payload_bytes",
    "payload_bits_per_pixel",
    "encode_ms",
    "decode_ms",
)


def comparison_table(
    reconstructions: Sequence[Reconstruction],
    *,
    upload_bytes: int | None,
    containers: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """One row per codec, numbers in full precision.

    Args:
        reconstructions: What came of each codec; one with a problem has a row without values.
        upload_bytes: Size of the uploaded file; None leaves its column out, as any without values.
        containers: Bytes of the container by codec, for a table with the payload as well; None
            counts whole files alone.
    """
    rows = [
        _row(found, upload_bytes, (containers or {}).get(found.record.codec))
        for found in reconstructions
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def best_cells(frame: pd.DataFrame, *, equal: str | None = None) -> pd.DataFrame:
    """Where a value of `comparison_table` is the best of its column; nowhere when all are equal.

    Smaller is better for bytes and times; metrics say for themselves.

    Args:
        frame: The table.
        equal: Quantity that all codecs were brought to, in which none is the best.
    """
    best = pd.DataFrame(False, index=frame.index, columns=frame.columns)
    for column in frame.columns:
        sign = 0 if column in _same_as(equal) else _direction(str(column))
        values = frame[column].astype(float) * sign if sign else pd.Series(dtype=float)
        if values.nunique(dropna=True) > 1:
            best[column] = values == values.max()
    return best


def readouts(frame: pd.DataFrame) -> list[dict[str, str]]:
    """The numbers of each row in words, by what they are; missing ones are left out."""
    return [
        {
            column_title(str(column)): words
            for column in frame.columns
            if (column in metrics() or column in _SPELLINGS)
            and (words := spelled_cell(str(column), row[column]))
        }
        for _, row in frame.iterrows()
    ]


def column_title(column: str) -> str:
    """Title of a column of `comparison_table`."""
    return metrics()[column].LABEL if column in metrics() else _TITLES.get(column, column)


def spelled_cell(column: str, value: object) -> str:
    """A cell of `comparison_table`, formatted for display."""
    if column in metrics() and not isinstance(value, str):
        return _metric_words(column, value)
    return _words(column, value) if column in _SPELLINGS else str(value)


def reached_words(found: Reconstruction, quantity: str) -> str | None:
    """Target, achieved value and error in one line; None for a codec as it is set."""
    if found.match is None:
        return None
    match = found.match
    target, achieved = (_amount(quantity, value) for value in (match.target, match.achieved))
    error = (
        f"{100 * match.error_fraction:+.1f}\u00a0%" if match.target else f"{match.achieved:+.2f}"
    )
    return f"Target {target}, achieved {achieved} ({error})"


def file_name(found: Reconstruction, *, suffix: str) -> str:
    """Name for a download, made of the words and numbers of the setting."""
    words = re.findall(r"[a-z0-9]+(?:\.[0-9]+)?", f"{found.record.codec} {found.record.setting}")
    return f"bottleneck-{'-'.join(words)}{suffix}"


_TITLES = {
    "label": "Codec",
    "setting": "Setting",
    "bytes": "Bytes",
    "upload_percent": "% of upload",
    "raw_percent": "% of raw",
    "bits_per_pixel": "Bits per pixel",
    "container_bytes": "Container (bytes)",
    "payload_bytes": "Payload (bytes)",
    "payload_bits_per_pixel": "Payload bits per pixel",
    "lossless": "Lossless",
    "encode_ms": "Encode (ms)",
    "decode_ms": "Decode (ms)",
    "target": "Target",
    "achieved": "Achieved",
    "error_percent": "Error (%)",
    "problem": "Problem",
}
_SPELLINGS = {
    "bytes": "{:,.0f}",
    "upload_percent": "{:.1f}",
    "raw_percent": "{:.2f}",
    "bits_per_pixel": "{:.3f}",
    "container_bytes": "{:,.0f}",
    "payload_bytes": "{:,.0f}",
    "payload_bits_per_pixel": "{:.3f}",
    "encode_ms": "{:,.1f}",
    "decode_ms": "{:,.1f}",
    "target": "{:,.6g}",
    "achieved": "{:,.6g}",
    "error_percent": "{:+.2f}",
}


def _row(
    found: Reconstruction, upload_bytes: int | None, container: int | None
) -> dict[str, object]:
    record = found.record
    pixels = (record.width or 0) * (record.height or 0)
    is_split = container is not None and record.bytes is not None
    is_reached = found.match is not None and found.problem is None
    # Of a target of 0 an error is no share.
    has_share = is_reached and found.match.target != 0  # type: ignore[union-attr]
    payload = max(0, record.bytes - container) if is_split else None  # type: ignore[operator]
    return {
        "codec": record.codec,
        "label": found.label,
        "setting": record.setting if found.problem is None else _trouble(found),
        "bytes": record.bytes,
        "upload_percent": _percent(record.bytes, upload_bytes),
        "raw_percent": _percent(record.bytes, 3 * pixels),
        "bits_per_pixel": record.bits_per_pixel,
        "container_bytes": container if is_split else None,
        "payload_bytes": payload,
        "payload_bits_per_pixel": None if payload is None else 8 * payload / pixels,
        **record.metrics,
        "lossless": record.lossless if record.bytes is not None else None,
        "encode_ms": _milliseconds(record.encode_seconds),
        "decode_ms": _milliseconds(record.decode_seconds),
        "target": found.match.target if found.match else None,
        "achieved": found.match.achieved if is_reached else None,  # type: ignore[union-attr]
        "error_percent": 100 * found.match.error_fraction if has_share else None,  # type: ignore[union-attr]
        "problem": found.problem,
    }


def _amount(quantity: str, value: float) -> str:
    return f"{value:,.0f} bytes" if quantity == BYTES else f"{value:.2f}"


def _trouble(found: Reconstruction) -> str:
    return "failed" if found.match is None else "out of reach"


def _percent(part: int | None, whole: int | None) -> float | None:
    return 100 * part / whole if part is not None and whole else None


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds


def _direction(column: str) -> int:
    """1 where more is better, -1 where less is, 0 where neither is."""
    if column in metrics():
        return sign_of(column)
    return -1 if column in _LOWER_IS_BETTER else 0


def _same_as(quantity: str | None) -> tuple[str | None, ...]:
    return ("bytes", "bits_per_pixel") if quantity == BYTES else (quantity,)


def _words(column: str, value: object) -> str:
    return "" if _is_missing(value) else _SPELLINGS[column].format(value)


def _metric_words(metric: str, value: object) -> str:
    if _is_missing(value):
        return ""
    number = float(value)  # type: ignore[arg-type]
    if math.isinf(number):
        return "∞ (exact)"
    return metric_text(metric, number)


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))
