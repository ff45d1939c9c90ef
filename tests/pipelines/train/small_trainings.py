"""A data set for trainings of seconds, and what they leave in a store."""

import csv
import io

import numpy as np
import pandas as pd

from core.models.training.checkpoints import from_npz
from core.store import ArtifactStore
from core.training_records.previews import read_previews

COUNTS = {"train": 240, "validation": 16, "test": 2}


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def prepare_blocks(
    store: ArtifactStore, name: str = "imagenette160", *, seeds: dict[str, int] | None = None
) -> None:
    """A data set of coloured blocks, 32x32.

    Args:
        store: Where it is written.
        name: Its name.
        seeds: Seed from a split on, where it is not the usual one.
    """
    files, rows = {}, []
    random = np.random.default_rng(0)
    for split, count in COUNTS.items():
        if seeds and split in seeds:
            random = np.random.default_rng(seeds[split])
        blocks = random.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
        files[f"{name}/{split}.npy"] = _npy(blocks.repeat(8, axis=1).repeat(8, axis=2))
        rows += [{"id": f"{split}{i}", "class_name": "block", "split": split} for i in range(count)]
    table = io.BytesIO()
    pd.DataFrame(rows).to_parquet(table)
    files[f"{name}/index.parquet"] = table.getvalue()
    store.commit(f"datasets/{name}", files, facts={})


def history_rows(store: ArtifactStore, name: str = "ae20") -> list[dict[str, float]]:
    """Rows of a training without what depends on the clock."""
    text = store.read(f"histories/{name}", f"{name}.csv").decode()
    clock = {"seconds", "total_seconds", "images_per_second"}
    return [
        {name: float(value) for name, value in row.items() if name not in clock}
        for row in csv.DictReader(io.StringIO(text))
    ]


def preview_epochs(store: ArtifactStore) -> list[int]:
    return list(read_previews(store, "histories/ae20").rows)


def optimizer_steps(store: ArtifactStore) -> int:
    """Steps that the optimiser has taken, by the newest checkpoint."""
    key = store.keys("checkpoints/ae20/")[-1]
    arrays = from_npz(store.read(key, f"{key.rpartition('/')[2]}.npz"))
    return int(arrays["state/optimizer/adam/iteration"])
