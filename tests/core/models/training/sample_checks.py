"""The check of batches that are made on the device, for `scan_checks.py`."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from core.models.training.sampling import crops_of, on_device, varied


def images() -> np.ndarray:
    blocks = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), dtype=np.uint8)
    return blocks.repeat(8, axis=1).repeat(8, axis=2)


def samples(folder: Path) -> Any:
    """Crops are parts of photographs; variations keep the shape and the bytes' range."""
    photographs = [np.full((20 + 20 * i, 24, 3), 10 * i + 5, np.uint8) for i in range(3)]
    photographs[0][:, :, 0] = np.arange(20)[:, None]
    sizes = np.array([p.size for p in photographs])
    table = np.array(
        [
            [start, *p.shape[:2]]
            for start, p in zip(np.cumsum(sizes) - sizes, photographs, strict=True)
        ],
        np.int32,
    )
    values = np.concatenate([p.ravel() for p in photographs])
    small = images()[:, :16, :16]
    data = on_device(small, values, table)
    crops = np.asarray(crops_of(data, jax.random.PRNGKey(0), count=200, side=16))
    inside = all(
        any(
            np.array_equal(crop, p[top : top + 16, left : left + 16])
            for p in photographs
            for top in range(p.shape[0] - 15)
            for left in range(p.shape[1] - 15)
        )
        for crop in crops
    )
    batch = np.asarray(varied(data, jnp.arange(20), jax.random.PRNGKey(1)))
    known = sum(any(np.array_equal(b, s) for s in small) for b in batch)
    return {
        "inside": inside,
        "shares": [float(np.mean(crops[:, 0, 0, 1] == 10 * i + 5)) for i in range(3)],
        "shape": list(batch.shape),
        "dtype": str(batch.dtype),
        "unchanged": known,
    }
