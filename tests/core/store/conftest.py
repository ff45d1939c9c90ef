"""A store without artifacts and one with an artifact of two files."""

from pathlib import Path

import pytest

from core.store import (
    ArtifactStore,
)
from tests.core.store.stored_files import FILES, KEY


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


@pytest.fixture
def full_store(store: ArtifactStore) -> ArtifactStore:
    store.commit(KEY, FILES, facts={"epochs": 3})
    store.commit("results/imagenette160/jpeg", {"jpeg.parquet": b"rows"}, facts={})
    return store
