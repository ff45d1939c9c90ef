"""Results in the formats that other tools of the field read.

- CompressAI's curves (`core.analysis.compressai`).
- Batches of codec-compare (`core.analysis.codec_compare`).
- The records themselves, one Parquet file per codec.
"""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.analysis.codec_compare import codec_compare_batch, comparable_rows
from core.analysis.compressai import compressai_curve, image_sets
from core.evaluation.measurements import lossless_codecs
from core.store.manifest import Manifest

#: codec-compare compares all batches with the first one.
_FIRST = "jpeg"
_INTEGERS = ("width", "height", "bytes")

_README = """Results of Bottleneck for other tools.

compressai/           one curve per codec over all images, for the metrics measured on all of them:
                      python -m compressai.utils.plot -f compressai/*.json --metric psnr-rgb
compressai/subset/    the same over the images on which the slow metrics were measured
compressai/lossless/  codecs that restore every pixel: their rate, and metrics that are finite
codec-compare/        one batch per codec, each row an image at a setting: copy the folder into the
                      viewer's dist/ and open
                      index.html?load=codec-compare/batches.json (or lossless_batches.json)
records/              every row that was measured, as Parquet: errors have a text in `error`, the
                      autoencoders' floating-point latents (setting `float`) have no bytes, and a
                      PSNR that is null beside `lossless` is infinite

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
        labels: Display label by codec.
    """
    coded = frame[frame["error"].isna() & frame["bytes"].notna()]
    readme = _README.format(images=coded["image"].nunique(), dataset=dataset)
    files = {"README.txt": readme.encode()}
    files |= _compressai_files(coded, dataset=dataset, labels=labels)
    files |= _codec_compare_files(coded, manifests, dataset, labels)
    for codec, rows in frame.groupby("codec", sort=True, observed=True):
        files[f"records/{codec}.parquet"] = _with_integers(rows).to_parquet(index=False)
    return files


def _compressai_files(
    coded: pd.DataFrame, *, dataset: str, labels: Mapping[str, str]
) -> dict[str, bytes]:
    lossless, files = set(lossless_codecs(coded)), {}
    for codec, rows in coded.groupby("codec", sort=True, observed=True):
        name = str(codec)
        for folder, chosen, columns in image_sets(rows, is_lossless=name in lossless):
            curve = compressai_curve(chosen, labels.get(name, name), dataset, columns)
            files[f"compressai/{folder}{name}.json"] = _json(curve)
    return files


def _codec_compare_files(
    coded: pd.DataFrame,
    manifests: Mapping[str, Manifest],
    dataset: str,
    labels: Mapping[str, str],
) -> dict[str, bytes]:
    """One batch per codec, and a list of the lossy and of the lossless ones."""
    lossless, files = set(lossless_codecs(coded)), {}
    lists: dict[str, list[list[str]]] = {"batches": [], "lossless_batches": []}
    names = sorted(coded["codec"].astype(str).unique(), key=lambda name: (name != _FIRST, name))
    for name in names:
        rows = coded[coded["codec"] == name]
        is_lossless = name in lossless
        chosen = rows if is_lossless else comparable_rows(rows)
        if chosen.empty:
            continue
        batch = codec_compare_batch(
            chosen,
            label=labels.get(name, name),
            dataset=dataset,
            manifest=manifests.get(name),
        )
        files[f"codec-compare/{name}.json"] = _json(batch)
        lists["lossless_batches" if is_lossless else "batches"].append([f"{name}.json"])
    return files | {f"codec-compare/{name}.json": _json(paths) for name, paths in lists.items()}


def _with_integers(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with counts as integers, which may be missing."""
    known = [name for name in _INTEGERS if name in rows]
    return rows.astype({name: "Int64" for name in known})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
