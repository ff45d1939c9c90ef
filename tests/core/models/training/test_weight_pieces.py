from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.models.autoencoder.network import AutoencoderConfig
from core.models.training.checkpoints import Checkpoints, ForeignCheckpoint
from core.models.training.feed import Images
from core.models.training.progress import Progress
from core.models.training.weight_pieces import WeightPieces, go_on_from_pieces, split
from core.store import ArtifactStore
from tests.core.models.training.short_trainings import short_training

WEIGHTS = {f"layer_{i}/kernel": np.full((10, 10), i, np.float32) for i in range(5)}


def test_no_group_is_larger_than_it_may_be_unless_it_is_one_array() -> None:
    groups = split(WEIGHTS, 450)

    assert [len(group) for group in groups] == [2, 2, 1]
    assert all(array.dtype == np.float16 for group in groups for array in group.values())
    assert [len(group) for group in split(WEIGHTS, 10)] == [1] * 5


def test_two_sets_take_turns_each_is_whole_and_the_best_one_stays(
    tmp_path: Path, small_config: AutoencoderConfig
) -> None:
    store = ArtifactStore(tmp_path)
    pieces = WeightPieces(store, "ae40", seconds=0.0, piece_bytes=450)
    checkpoints = Checkpoints(store, "ae40", small_config, "data")
    best = {name: weight + 1 for name, weight in WEIGHTS.items()}
    pieces.save_best(best, checkpoints, Progress(images=1))
    keys = [pieces.save(WEIGHTS, checkpoints, Progress(images=10 + n)) for n in range(3)]

    assert keys[0] == keys[2] != keys[1]
    assert [facts["progress"]["images"] for facts in pieces.sets().values()] == [12, 11, 1]
    assert next(iter(pieces.sets())) == keys[2]
    assert len(store.manifest(keys[0]).files) == 3
    for found, expected in ((pieces.weights(keys[0]), WEIGHTS), (pieces.best(), best)):
        assert found.keys() == expected.keys()
        assert found["layer_3/kernel"].dtype == np.float32
        np.testing.assert_array_equal(found["layer_3/kernel"], expected["layer_3/kernel"])

    pieces.clear()
    assert (pieces.sets(), pieces.best()) == ({}, {})


@pytest.mark.slow
def test_from_pieces_alone_a_lost_training_has_its_best_weights_and_its_history(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    config = replace(small_config, epochs=1)
    lost = short_training(tmp_path / "there", config, images)
    lost.run()
    pieces = WeightPieces(ArtifactStore(tmp_path / "here"), "ae40")
    pieces.save_best(lost.best, lost.checkpoints, lost.progress)

    found = short_training(tmp_path / "here", config, images)
    go_on_from_pieces(found, pieces)
    assert found.progress == lost.progress
    for name, weight in lost.best.items():
        np.testing.assert_allclose(found.best[name], weight, rtol=1e-3, atol=1e-6)

    # Later weights, which were not validated there, are validated here and are better or not.
    later = replace(lost.progress, images=99, step=2, partial={"loss": 0.01, "psnr_db": 20.0})
    good = {name: weight.copy() for name, weight in lost.best.items()}
    pieces.save(good, lost.checkpoints, later)
    found = short_training(tmp_path / "here", config, images)
    go_on_from_pieces(found, pieces)
    assert [row["images"] for row in found.progress.history] == [14, 99]
    assert found.checkpoints.keys() == []
    validated = [row["validation_loss"] for row in found.progress.history]
    assert validated[1] == pytest.approx(validated[0], rel=1e-2)

    # Weights of an epoch that diverged are left aside.
    later.partial["loss"] = 1e3
    pieces.save({name: weight * 50 for name, weight in good.items()}, lost.checkpoints, later)
    pieces.save({name: weight * 50 for name, weight in good.items()}, lost.checkpoints, later)
    found = short_training(tmp_path / "here2", config, images)
    go_on_from_pieces(found, pieces)
    assert len(found.progress.history) == 1

    other = short_training(tmp_path / "here2", replace(config, batch=7), images)
    with pytest.raises(ForeignCheckpoint, match="batch"):
        go_on_from_pieces(other, pieces)
