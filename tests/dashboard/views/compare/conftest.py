"""An image with known pixels."""

import numpy as np
import pytest

from core.images import Image


@pytest.fixture(scope="session")
def photograph() -> Image:
    """Smooth slopes and some grain, 80x120, with known pixels."""
    down, right = np.mgrid[0:80, 0:120]
    slopes = np.stack([2 * right, 3 * down, 255 - right - down], axis=-1)
    grain = np.random.default_rng(5).normal(0, 6, slopes.shape)
    return np.clip(slopes + grain, 0, 255).astype(np.uint8)
