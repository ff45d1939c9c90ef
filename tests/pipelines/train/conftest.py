"""A store with a data set to train on."""

import shutil
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


@pytest.fixture
def trained(
    trained_once: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ArtifactStore:
    """A copy of the store in which the trainings of a file have ended."""
    root = shutil.copytree(trained_once.root, tmp_path / "artifacts")
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(root))
    return ArtifactStore(root)
