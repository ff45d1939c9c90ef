"""Stores with the models that the page shows."""

import shutil
from pathlib import Path

import pytest

from core.store import ArtifactStore
from tests.dashboard.views.models.pooling_models import STRIDES, commit_model


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Folder of a store that has the three models and nothing else."""
    store = ArtifactStore(tmp_path_factory.mktemp("trained"))
    for name, stride in STRIDES.items():
        commit_model(store, name, stride)
    return store.root


@pytest.fixture
def trained_and_prepared(trained, full_store, tmp_path):
    """The same with the tiny data set and its results."""
    root = Path(shutil.copytree(full_store, tmp_path / "both"))
    shutil.copytree(trained / "models", root / "models")
    return root
