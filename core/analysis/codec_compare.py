"""Batches of codec-compare: one per codec, each row an image at one setting.

The tool matches, between two batches, the rows of an image whose distortion is nearly equal, so
that all settings of a codec belong into one batch
(https://github.com/webmproject/codec-compare, README, "Plug data at serve time").
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from core.analysis.exact_numbers import exact_numbers
from core.codecs import find_codec
from core.evaluation.deciding_code import deciding_code
from core.evaluation.facts import encoder_of
from core.evaluation.fingerprint import entries
from core.evaluation.measurements import metric_columns
from core.metrics import metrics
from core.store.manifest import Manifest

#: Its names of metrics where they differ from ours (`src/entry.ts`).
_METRICS = {"ms_ssim": "msssim"}
_TIMES = {"encode_seconds": "encoding_time", "decode_seconds": "decoding_time"}
_TIME_NOTE = "Seconds; taken while other work ran on the machine."


def comparable_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a lossy codec without those that an infinite PSNR leaves without a distortion."""
    return rows[~rows["lossless"].astype(bool)]


def codec_compare_batch(
    rows: pd.DataFrame,
    *,
    label: str,
    dataset: str,
    manifest: Manifest | None,
) -> dict[str, Any]:
    """One codec's records, as a batch of codec-compare, settings by rising rate.

    Args:
        rows: Records of one codec without errors.
        label: Name of the codec.
        dataset: Name of the data set.
        manifest: Manifest of the results; None when it is not known.
    """
    codec = str(rows["codec"].iloc[0])
    ordered = _by_rate(rows)
    constants = {
        "name": ("Name of this experiment", label),
        "codec": ("Name of the codec used to generate this data", label),
        "version": ("Libraries or program that coded", _version(codec, manifest)),
        "time": ("When it was measured", manifest.created if manifest else "unknown"),
        "source data set": ("Images", dataset),
    }
    fields = dict(_fields(ordered, _dial_name(codec)))
    columns = [exact_numbers(ordered[column]) for column in fields]
    return {
        "constant_descriptions": [
            {name: description} for name, (description, _) in constants.items()
        ],
        "constant_values": [value for _, value in constants.values()],
        "field_descriptions": [{name: description} for name, description in fields.values()],
        "field_values": [list(row) for row in zip(*columns, strict=True)],
    }


def _by_rate(rows: pd.DataFrame) -> pd.DataFrame:
    means = rows.groupby("setting", observed=True)["bits_per_pixel"].mean()
    rank = rows["setting"].astype(str).map(means.rename(str).rank(method="first").to_dict())
    return rows.assign(rank=rank).sort_values(["rank", "image"]).drop(columns="rank")


def _version(codec: str, manifest: Manifest | None) -> str:
    """The encoder: library or program, or a model and the libraries that ran it at that time."""
    if manifest is None:
        return "unknown"
    if program := manifest.facts.get("program"):
        return str(program)
    known = find_codec(codec)
    if known is None:
        return "unknown"
    used = [name for name in deciding_code(tuple(entries(known))).libraries if name != "numpy"]
    versions = [f"{name} {manifest.versions[name]}" for name in used if name in manifest.versions]
    named = encoder_of(manifest)
    return ", ".join([*([named] if named else []), *versions]) or "unknown"


def _dial_name(codec: str) -> str:
    """Name of the parameter that a codec's settings vary."""
    known = find_codec(codec)
    return known.dial.name if known and known.dial else "dial"


def _fields(rows: pd.DataFrame, dial: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Column of the records, then codec-compare's name and what it means."""
    yield "image", ("original_name", "Id of the image")
    yield "width", ("width", "Pixels in a row")
    yield "height", ("height", "Rows")
    if rows["dial"].notna().all():
        yield "dial", (dial, f"The codec's own {dial}")
    yield "bytes", ("encoded_size", "Size of the encoded image file in bytes")
    known = metrics()
    for column in metric_columns(rows):
        if rows[column].notna().all():
            description = known[column].DEFINITION if column in known else column
            yield column, (_METRICS.get(column, column.removesuffix("_db")), description)
    for column, name in _TIMES.items():
        yield column, (name, _TIME_NOTE)
