"""Imported results in the store: an artifact of their own, never among what was measured here."""

import hashlib
import io
from typing import NamedTuple

import pandas as pd

from core.analysis.imported.table import Imported
from core.store import Artifact, ArtifactError, ArtifactStore, Manifest
from core.store.key import last_part

_FOLDER = "imports"


class Import(NamedTuple):
    """One imported file.

    Attributes:
        name: Name under which it is kept.
        rows: Its points, as `core.analysis.imported.table.Imported` has them.
    """

    name: str
    rows: pd.DataFrame


class Imports(NamedTuple):
    """All imported files of a data set.

    Attributes:
        found: Those that could be read.
        problems: An error for each other one.
    """

    found: tuple[Import, ...]
    problems: tuple[ArtifactError, ...]


def import_key(dataset: str, name: str) -> str:
    """Key of an imported file; its table is called `<name>.parquet`."""
    return f"{_FOLDER}/{dataset}/{name}"


def commit_import(
    store: ArtifactStore, imported: Imported, *, dataset: str, name: str, file: str, data: bytes
) -> Manifest:
    """Stores the points of a file with its facts.

    Args:
        store: Where.
        imported: The points.
        dataset: Data set on whose images they were measured.
        name: Name under which they are kept.
        file: Name of the file.
        data: The file.
    """
    facts = {
        "dataset": dataset,
        "format": imported.format,
        "file": {"name": file, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()},
        "sources": sorted(imported.rows["source"].unique()),
        "curves": list(imported.curves),
        "points": len(imported.rows),
        "metrics": list(imported.metrics),
    }
    table = {f"{name}.parquet": imported.rows.to_parquet(index=False)}
    return store.commit(import_key(dataset, name), table, facts=facts)


def load_imports(store: ArtifactStore, dataset: str) -> Imports:
    """Imported files of a data set; one that is damaged does not hide the others."""
    found, problems = [], []
    for key in store.keys(import_key(dataset, "")):
        try:
            found.append(Import(last_part(key), store.load(key, _rows)))
        except ArtifactError as error:
            problems.append(error)
    return Imports(tuple(found), tuple(problems))


def _rows(artifact: Artifact) -> pd.DataFrame:
    name = artifact.file("parquet")
    return artifact.parsed(name, _parsed, reason="is not a table of imported points")


def _parsed(data: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(data))
