"""A random image for codecs that exist for tests alone."""

import numpy as np
import pytest


@pytest.fixture
def image():
    return np.random.default_rng(1).integers(0, 200, (12, 10, 3), np.uint8)
