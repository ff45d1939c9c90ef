"""Cache of what pages read from the artifact store.

Every entry is keyed by the state of the files that it was read from, so a page shows a new result,
or one that was repaired, at its next rerun. Cached tables are shared by all visitors and must not
be changed in place.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.store import ArtifactError, ArtifactStore, Manifest
from core.store.key import DEFAULT_DATASET

if TYPE_CHECKING:
    import pandas as pd

    from core.dataset.splits import Split
    from core.evaluation.results import Results

#: Data set of every page that does not let a visitor choose another.
DATASET = DEFAULT_DATASET


def open_store() -> ArtifactStore:
    """Store that the dashboard reads: the folder in BOTTLENECK_ARTIFACTS, else `artifacts/`."""
    return ArtifactStore.default()


def store_state(prefix: str) -> str:
    """Cache key of all artifacts whose key starts with `prefix`; changes with their state.

    Pass it to a cached function as an argument: a new, changed, damaged or repaired artifact then
    misses the cache. It does not read the files, because pages call it at every rerun.
    """
    root, start = open_store().root, prefix.rpartition("/")[0]
    found = _file_states(root / start, beginning=str(root / prefix) if prefix else "")
    return "\n".join([str(root), *sorted(found)])


def dataset_state(dataset: str) -> str:
    """Cache key of all results on a data set, and of which images it has."""
    return store_state(f"results/{dataset}/") + store_state(f"datasets/{dataset}.")


def _file_states(folder: Path, *, beginning: str) -> Iterator[str]:
    """Path, size, time and identity of each file below a folder that begins so."""
    for parent, _, names in os.walk(folder):
        for path in (os.path.join(parent, name) for name in names if not name.startswith(".")):
            if path.startswith(beginning):
                with suppress(OSError):
                    found = os.stat(path)
                    yield f"{path} {found.st_size} {found.st_mtime_ns} {found.st_ino}"


def load_results(dataset: str = DATASET) -> "Results":
    """Results of all codecs on a data set; those that cannot be read are among its problems."""
    # Whether results are of the present model depends on the models, too.
    return _results(dataset, dataset_state(dataset) + store_state("models/"))


@st.cache_resource(max_entries=4, show_spinner=False)
def _results(dataset: str, state: str) -> "Results":
    from core.evaluation.results import load_results

    return load_results(open_store(), dataset)


def load_index(dataset: str = DATASET) -> "pd.DataFrame":
    """Index of the data set: one row per image.

    Raises:
        ArtifactError: The index is missing or damaged.
    """
    return _index(dataset, store_state(f"datasets/{dataset}"))


@st.cache_resource(max_entries=2, show_spinner=False)
def _index(dataset: str, state: str) -> "pd.DataFrame":
    from core.dataset.splits import index

    return index(open_store(), dataset=dataset)


def load_split(name: str, dataset: str = DATASET) -> "Split":
    """Images of a split, mapped into memory, with their ids and classes.

    Raises:
        ArtifactError: The data set is not prepared on this machine, or is damaged.
    """
    return _split(name, dataset, store_state(f"datasets/{dataset}"))


@st.cache_resource(max_entries=6, show_spinner=False)
def _split(name: str, dataset: str, state: str) -> "Split":
    from core.dataset.splits import open_split

    return open_split(open_store(), name, dataset=dataset)


def load_manifest(key: str) -> Manifest | None:
    """Manifest of an artifact, or None where there is none that can be read."""
    try:
        return open_store().manifest(key)
    except ArtifactError:
        return None
