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


def prepare_blocks(store: ArtifactStore) -> None:
    """A data set of coloured blocks, 32x32."""
    random = np.random.default_rng(0)
    files, rows = {}, []
    for split, count in COUNTS.items():
        blocks = random.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
        files[f"imagenette160/{split}.npy"] = _npy(blocks.repeat(8, axis=1).repeat(8, axis=2))
        rows += [{"id": f"{split}{i}", "class_name": "block", "split": split} for i in range(count)]
    table = io.BytesIO()
    pd.DataFrame(rows).to_parquet(table)
    files["imagenette160/index.parquet"] = table.getvalue()
    store.commit("datasets/imagenette160", files, facts={})


def history_rows(store: ArtifactStore) -> list[dict[str, float]]:
    """Rows without what depends on the clock."""
    text = store.read("histories/ae20", "ae20.csv").decode()
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
