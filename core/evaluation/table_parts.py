"""Tables of results of any length, written to disk part by part.

A part is a row group of one Parquet file, so that readers need not know of parts. Only one part is
in memory at a time.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.evaluation.table import concatenate, writer_options

#: Rows of a part; the default of Parquet's writer in Arrow.
PART_ROWS = 1 << 20


class WrittenTable(NamedTuple):
    """What a table that was written holds.

    Attributes:
        rows: Number of rows.
        errors: Rows with an error.
        first_error: The first of them; None without any.
        codec_seconds: Sum of the times of encoding and decoding.
        metric_seconds: Sum of the times of the metrics.
    """

    rows: int = 0
    errors: int = 0
    first_error: str | None = None
    codec_seconds: float = 0.0
    metric_seconds: float = 0.0

    def with_part(self, part: pa.Table) -> "WrittenTable":
        """What the table holds after one more part."""
        errors = part["error"].drop_null()
        first = errors[0].as_py() if len(errors) else None
        return WrittenTable(
            rows=self.rows + part.num_rows,
            errors=self.errors + len(errors),
            first_error=self.first_error or first,
            codec_seconds=self.codec_seconds
            + _total(part, "encode_seconds")
            + _total(part, "decode_seconds"),
            metric_seconds=self.metric_seconds + _total(part, "metric_seconds"),
        )


def write_in_parts(
    path: Path, tables: Iterable[pa.Table], *, part_rows: int = PART_ROWS
) -> WrittenTable:
    """Writes tables of one schema, one after the other, to a Parquet file; gives what they hold.

    Args:
        path: File to write.
        tables: Tables of results, read one by one.
        part_rows: Rows after which a part is written.
    """
    parts = _parts(tables, part_rows)
    part = next(parts)
    written = WrittenTable().with_part(part)
    with pq.ParquetWriter(path, part.schema, **writer_options(part.schema)) as writer:
        writer.write_table(part)
        for part in parts:
            writer.write_table(part)
            written = written.with_part(part)
    return written


def _parts(tables: Iterable[pa.Table], part_rows: int) -> Iterator[pa.Table]:
    """The tables joined to parts of at least `part_rows` rows, except the last; one at least."""
    waiting: list[pa.Table] = []
    rows, is_first = 0, True
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= part_rows:
            yield concatenate(waiting)
            waiting, rows, is_first = [], 0, False
    if waiting or is_first:
        yield concatenate(waiting)


def _total(table: pa.Table, column: str) -> float:
    return pc.sum(table[column].cast("float64")).as_py() or 0.0
