"""An empty store for the tests of studies."""

import pytest

from core.store import ArtifactStore


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "artifacts")
