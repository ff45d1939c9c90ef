"""A store with a data set to train on."""

from pathlib import Path

import pytest

from core.store import ArtifactStore
from tests.pipelines.train.small_trainings import prepare_blocks


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArtifactStore:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    store = ArtifactStore.default()
    prepare_blocks(store)
    return store
