from pathlib import Path

import numpy as np

from core.models.training.checkpoints import from_npz
from core.models.training.weight_pieces import WeightPieces, split
from core.store import ArtifactStore

WEIGHTS = {f"layer_{i}/kernel": np.full((10, 10), i, np.float32) for i in range(5)}


def test_no_group_is_larger_than_it_may_be_unless_it_is_one_array() -> None:
    groups = split(WEIGHTS, 450)

    assert [len(group) for group in groups] == [2, 2, 1]
    assert all(array.dtype == np.float16 for group in groups for array in group.values())
    assert [len(group) for group in split(WEIGHTS, 10)] == [1] * 5


def test_two_sets_take_turns_and_each_is_whole(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    pieces = WeightPieces(store, "ae80", seconds=0.0, piece_bytes=450)
    keys = [pieces.save(WEIGHTS, epoch=epoch) for epoch in range(3)]

    assert keys[0] == keys[2] != keys[1]
    assert [store.manifest(key).facts["epoch"] for key in keys] == [2, 1, 2]
    found = {
        path: array
        for file in store.manifest(keys[0]).files
        for path, array in from_npz(store.read(keys[0], file)).items()
    }
    assert found.keys() == WEIGHTS.keys()
    np.testing.assert_array_equal(found["layer_3/kernel"], WEIGHTS["layer_3/kernel"])
