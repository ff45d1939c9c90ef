"""Tables of results: the columns, their types, and their form as a Parquet file."""

import io
import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.evaluation.record import Record
from core.metrics import metrics

_NAMES = ("image", "codec", "setting")
_NUMBERS = ("dial", "width", "height", "bytes", "bits_per_pixel")
_SECONDS = ("encode_seconds", "decode_seconds", "metric_seconds")


def columns() -> list[str]:
    """Columns of every table of results, in their order."""
    return list(_schema().names)


def to_table(records: Iterable[Record]) -> pa.Table:
    """Arrow table of the records; an infinite metric becomes null (see `lossless`)."""
    return pa.Table.from_pylist([_row(record) for record in records], schema=_schema())


def concatenate(tables: Sequence[pa.Table]) -> pa.Table:
    """One table of all rows, with null for a metric that a table does not have."""
    everything = [_schema().empty_table(), *tables]
    return pa.concat_tables(everything, promote_options="permissive").unify_dictionaries()


def with_metrics(
    table: pa.Table,
    measured: pa.Table,
    names: Sequence[str],
    *,
    images: Collection[str] | None = None,
) -> pa.Table:
    """The table with some columns of metrics from another one of the same files.

    Args:
        table: Results.
        measured: Results of the same images and settings, in any order.
        names: Columns to take from `measured`.
        images: Images that `measured` has; the others have null. All when None.

    Raises:
        ValueError: Images, settings or sizes of files differ.
    """
    positions = {key: row for row, key in enumerate(_keys(measured))}
    keys = _keys(table)
    rows = [positions.get(key) for key in keys]
    known = [row for row in rows if row is not None]
    expected = sum(images is None or image in images for image, _ in keys)
    if not len(known) == len(positions) == expected:
        raise ValueError("The stored results are of other images or settings.")
    stored = table.filter(pa.array([row is not None for row in rows], pa.bool_()))
    if measured.take(pa.array(known, pa.int64()))["bytes"] != stored["bytes"]:
        raise ValueError("The files are not as large as those of the stored results.")
    aligned = measured.take(pa.array(rows, pa.int64()))
    kept = table.drop_columns([name for name in names if name in table.column_names])
    for name in names:
        kept = kept.append_column(name, aligned[name])
    order = [*columns(), *(name for name in kept.column_names if name not in columns())]
    return kept.select([name for name in order if name in kept.column_names])


def _keys(table: pa.Table) -> list[tuple[str, str]]:
    return list(zip(table["image"].to_pylist(), table["setting"].to_pylist(), strict=True))


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Frame of the table, with the same types whatever the table holds.

    `image`, `codec` and `setting` are categories, `lossless` is bool, `error` is a string or
    missing, and all else is float64 with NaN for null: a row with an error has neither bytes nor
    metrics.
    """
    frame: pd.DataFrame = table.to_pandas()
    kinds = {name: "category" for name in _NAMES} | {"lossless": "bool", "error": "str"}
    return frame.astype({name: kinds.get(name, "float64") for name in frame.columns})


def to_parquet(table: pa.Table) -> bytes:
    """Parquet file of the table, kept small: it goes into the repository."""
    file = io.BytesIO()
    pq.write_table(table, file, **writer_options(table.schema))
    return file.getvalue()


def writer_options(schema: pa.Schema) -> dict[str, Any]:
    """How Parquet files of results are compressed."""
    names = [*_NAMES, "dial"]
    floating = [
        field.name for field in schema if pa.types.is_floating(field.type) and field.name != "dial"
    ]
    return {
        "compression": "zstd",
        "compression_level": 12,
        "use_dictionary": names,
        "column_encoding": dict.fromkeys(floating, "BYTE_STREAM_SPLIT"),
    }


def from_parquet(data: bytes) -> pa.Table:
    """Table that `to_parquet` wrote."""
    return pq.read_table(io.BytesIO(data))


def _schema() -> pa.Schema:
    name = pa.dictionary(pa.int32(), pa.string())
    types = {column: name for column in _NAMES}
    types |= {"dial": pa.float64(), "width": pa.int32(), "height": pa.int32()}
    types |= {"bytes": pa.int32(), "bits_per_pixel": pa.float64()}
    types |= {column: pa.float32() for column in metrics()}
    types |= {"lossless": pa.bool_()}
    types |= {column: pa.float32() for column in _SECONDS}
    types |= {"error": pa.string()}
    return pa.schema(list(types.items()))


def _row(record: Record) -> dict[str, object]:
    row = dict(vars(record))
    for name, value in row.pop("metrics").items():
        row[name] = value if value is not None and math.isfinite(value) else None
    return row
