"""Results in Parquet, a row per image and setting, as this program saves them."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.analysis.imported.rates import with_rates
from core.analysis.imported.table import MAX_ROWS, RATE, Imported, UnusableImport, checked
from core.metrics import metrics

FORMAT = "Parquet"
_NEEDED = ("image", "codec", "setting", "bytes", RATE)
_MORE = ("width", "height", "error")


def read_records(data: bytes, *, stem: str, source: str | None) -> Imported:
    """Rows that were coded without an error.

    Args:
        data: The file.
        stem: Name of the curve; the column `codec` names it.
        source: Where the rows come from.

    Raises:
        UnusableImport: It is no such file.
    """
    if not source:
        raise UnusableImport("Say where the records come from: --source.")
    rows = _rows(data)
    if "error" in rows:
        rows = rows[rows["error"].isna()]
    rows = rows[rows["bytes"].notna()]
    table = rows.rename(columns={"codec": "curve"}).assign(source=source)
    return checked(with_rates(table), format=FORMAT)


def _rows(data: bytes) -> pd.DataFrame:
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        if file.metadata.num_rows > MAX_ROWS:
            count = f"{file.metadata.num_rows:,}"
            raise UnusableImport(f"It has {count} rows; at most {MAX_ROWS:,} are taken.")
        known = [*_NEEDED, *_MORE, *metrics()]
        columns = [name for name in known if name in file.schema_arrow.names]
        if lacking := [name for name in _NEEDED if name not in columns]:
            raise UnusableImport(f"It has no column {', '.join(lacking)}.")
        rows: pd.DataFrame = file.read(columns=columns).to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, UnusableImport):
            raise
        raise UnusableImport(f"It is no Parquet file: {str(error)[:80]}.") from error
    return rows.astype(dict.fromkeys(("image", "codec", "setting"), "str"))
