"""A store with two trainings."""

import pytest

from tests.dashboard.views.training.committed_runs import commit


@pytest.fixture
def trained(tmp_path):
    commit(tmp_path, "ae80")
    commit(tmp_path, "ae40", epochs=6, learning_rate=0.0017)
    return tmp_path
