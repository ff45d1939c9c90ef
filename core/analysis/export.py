"""Results in the formats that other tools of the field read.

- CompressAI's curves: one JSON file per codec, drawn by `python -m compressai.utils.plot`
  (https://github.com/InterDigitalInc/CompressAI, `results/`).
- Batches of codec-compare: one JSON file per codec setting and a list of them
  (https://github.com/webmproject/codec-compare, README, "Plug data at serve time").
- The records themselves, one Parquet file per codec.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from core.evaluation.measurements import metric_columns, summary
from core.metrics import metrics
from core.store.manifest import Manifest

#: CompressAI's names of metrics; it has used both of PSNR.
_COMPRESSAI_NAMES = {"psnr_db": ("psnr", "psnr-rgb")}
_TIMES = {"encode_seconds": "encoding_time", "decode_seconds": "decoding_time"}
_DIGITS = 6
_TIME_NOTE = "Seconds; taken while other work ran on the machine."

_README = """Results of Bottleneck for other tools.

compressai/      one file per codec: python -m compressai.utils.plot -f FILE ... --metric psnr-rgb
codec-compare/   one file per codec and setting; serve them and load batches.json
records/         one row per image and setting, as Parquet

Rates count whole files. Images: {images:,} of data set {dataset}.
"""


def exchange_files(
    frame: pd.DataFrame,
    manifests: Mapping[str, Manifest],
    *,
    dataset: str,
    labels: Mapping[str, str],
) -> dict[str, bytes]:
    """Files of all formats by their paths.

    Args:
        frame: Results, as `core.evaluation.results.load_results` gives them.
        manifests: Manifest of each codec's results.
        dataset: Name of the data set.
        labels: What a person reads, by codec.
    """
    coded = frame[frame["error"].isna() & frame["bytes"].notna()]
    readme = _README.format(images=coded["image"].nunique(), dataset=dataset)
    files, batches = {"README.txt": readme.encode()}, []
    for codec, rows in coded.groupby("codec", sort=True):
        name = str(codec)
        label, manifest = labels.get(name, name), manifests.get(name)
        files[f"compressai/{name}.json"] = _json(compressai_curve(rows, label, dataset))
        for setting, batch in rows.groupby("setting", sort=True):
            path = f"{_file_name(f'{name}_{setting}')}.json"
            described = codec_compare_batch(batch, label, str(setting), dataset, manifest)
            files[f"codec-compare/{path}"] = _json(described)
            batches.append([path])
        files[f"records/{name}.parquet"] = rows.to_parquet(index=False)
    files["codec-compare/batches.json"] = _json(batches)
    return files


def compressai_curve(rows: pd.DataFrame, label: str, dataset: str) -> dict[str, Any]:
    """One codec's means per setting, by rising rate, as CompressAI keeps them.

    Args:
        rows: Records of the codec without errors.
        label: Name of the codec.
        dataset: Name of the data set.
    """
    means = summary(rows).sort_values("bits_per_pixel")
    results: dict[str, list[Any]] = {"bpp": _numbers(means["bits_per_pixel"])}
    for column in metric_columns(rows):
        if means[column].notna().any():
            for key in _COMPRESSAI_NAMES.get(column, (column.replace("_", "-"),)):
                results[key] = _numbers(means[column])
    for column, key in _TIMES.items():
        results[key] = _numbers(means[column])
    images = rows["image"].nunique()
    described = (
        f"{label} on {images} images of {dataset}, whole files counted. {_definitions(rows)}"
    )
    return {"name": label, "description": described, "results": results}


def codec_compare_batch(
    rows: pd.DataFrame, label: str, setting: str, dataset: str, manifest: Manifest | None
) -> dict[str, Any]:
    """One setting's records, as a batch of codec-compare.

    Args:
        rows: Records of one setting of one codec without errors.
        label: Name of the codec.
        setting: The setting.
        dataset: Name of the data set.
        manifest: Manifest of the results; None when it is not known.
    """
    constants = {
        "name": ("Name of this experiment", f"{label}, {setting}"),
        "codec": ("Name of the codec used to generate this data", label),
        "version": ("Commit that measured", (manifest.commit if manifest else None) or "unknown"),
        "time": ("When it was measured", manifest.created if manifest else "unknown"),
        "data set": ("Images", dataset),
        "setting": ("Setting of the codec", setting),
    }
    fields = dict(_fields(rows))
    columns = [_numbers(rows[column]) for column in fields]
    return {
        "constant_descriptions": [{name: told} for name, (told, _) in constants.items()],
        "constant_values": [value for _, value in constants.values()],
        "field_descriptions": [{name: told} for name, told in fields.values()],
        "field_values": [list(row) for row in zip(*columns, strict=True)],
    }


def _fields(rows: pd.DataFrame) -> Iterator[tuple[str, tuple[str, str]]]:
    """Column of the records, then codec-compare's name and what it means."""
    yield "image", ("original_name", "Id of the image")
    yield "width", ("width", "Pixels in a row")
    yield "height", ("height", "Rows")
    if rows["dial"].notna().all():
        yield "dial", ("quality", "Position of the codec's dial")
    yield "bytes", ("encoded_size", "Size of the encoded image file in bytes")
    known = metrics()
    for column in metric_columns(rows):
        if rows[column].notna().all():
            told = known[column].DEFINITION if column in known else column
            yield column, (column.removesuffix("_db"), told)
    for column, name in _TIMES.items():
        yield column, (name, _TIME_NOTE)


def _definitions(rows: pd.DataFrame) -> str:
    known, partial = metrics(), []
    for column in metric_columns(rows):
        counted = int(rows.loc[rows[column].notna(), "image"].nunique())
        if column in known and 0 < counted < rows["image"].nunique():
            partial.append(f"{known[column].LABEL} on {counted} of them")
    return f"{', '.join(partial)}." if partial else ""


def _numbers(values: "pd.Series[Any]") -> list[Any]:
    """Values as JSON knows them: it has neither infinity nor NaN."""
    if not pd.api.types.is_float_dtype(values):
        return values.tolist()
    return [round(v, _DIGITS) if math.isfinite(v) else None for v in values.tolist()]


def _file_name(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in text)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
