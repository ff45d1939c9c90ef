"""A file of results, read by its ending within limits."""

import stat
from pathlib import Path

from core.analysis.imported.csv_file import read_csv
from core.analysis.imported.json_file import read_json
from core.analysis.imported.records import read_records
from core.analysis.imported.table import Imported, UnusableImport

MAX_BYTES = 64 << 20
_READERS = {".csv": read_csv, ".json": read_json, ".parquet": read_records}


def read_results(data: bytes, *, name: str, source: str | None) -> Imported:
    """Points of a file in any of the formats.

    Args:
        data: The file.
        name: Its name, whose ending tells the format.
        source: Where the points come from; what the file says of itself when None.

    Raises:
        UnusableImport: It is no such file.
    """
    path = Path(name)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UnusableImport(f"A file of results ends in {', '.join(_READERS)}.")
    return reader(data, stem=path.stem, source=source)


def read_bytes(path: Path) -> bytes:
    """Content of a file that is not too large.

    Raises:
        UnusableImport: It is no regular file, or too large.
        OSError: It cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):  # before it is opened: a pipe would wait
        raise UnusableImport("It is no regular file.")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnusableImport(f"It is larger than {MAX_BYTES >> 20} MB.")
    return data
