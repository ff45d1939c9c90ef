"""Disk cache of tables that take seconds to compute from the results.

They lie in the store below `cache/`, which git ignores. A table that was computed from other
results, or cannot be read, is computed again; one that cannot be written is not kept.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO

import pandas as pd

from core.analysis.stored_bd_rates import results_state
from core.store import ArtifactError, Manifest
from dashboard.data.store import open_store

_FOLDER = "cache/dashboard"


def kept_table(
    name: str,
    manifests: Mapping[str, Manifest],
    *,
    salt: str,
    compute: Callable[[], pd.DataFrame],
) -> pd.DataFrame:
    """The table that `compute` gives for these results, from the disk where it lies there.

    Args:
        name: Name of the table; a newer one of that name replaces the older.
        manifests: Manifests of the results that it is computed from.
        salt: Everything else that the table depends on.
        compute: Computes the table.
    """
    state = results_state(manifests, salt)
    key, file = f"{_FOLDER}/{name}", f"{name}.parquet"
    store = open_store()
    with suppress(ArtifactError, OSError, ValueError):
        if store.manifest(key).facts.get("state") == state:
            return pd.read_parquet(BytesIO(store.read(key, file)))
    table = compute()
    with suppress(ArtifactError, OSError, ValueError):
        store.commit(key, {file: table.to_parquet(index=False)}, facts={"state": state})
    return table
