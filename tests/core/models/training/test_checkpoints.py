import dataclasses
from pathlib import Path

import numpy as np
import pytest

from core.models import get_model
from core.models.autoencoder.network import Autoencoder, AutoencoderConfig
from core.models.training.checkpoints import (
    Checkpoints,
    ForeignCheckpoint,
    Progress,
    from_npz,
    state_arrays,
    weight_arrays,
)
from core.models.training.feed import Images
from core.store import ArtifactStore, DamagedArtifact
from tests.faulty_disk import FAULTS, Died


@pytest.fixture
def checkpoints(tmp_path: Path, small_config: AutoencoderConfig) -> Checkpoints:
    return Checkpoints(ArtifactStore(tmp_path), "ae40", small_config, "some data")


def _spoil(checkpoints: Checkpoints, key: str) -> None:
    path = checkpoints.store.path(key, f"{key.rpartition('/')[2]}.npz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_checkpoint_brings_back_weights_optimiser_and_progress(
    checkpoints: Checkpoints,
    small_model: Autoencoder,
    small_config: AutoencoderConfig,
    images: Images,
) -> None:
    for _ in range(3):
        small_model.train_on_batch(images)
    saved = Progress(epoch=2, step=5, partial={"loss": 0.25}, best_loss=0.125, best_epoch=1)
    best = weight_arrays(small_model)
    checkpoints.save(small_model, best, saved)
    other = get_model("ae40").build(small_config)

    progress, best_again = checkpoints.restore(other, pytest.fail)

    assert progress == saved
    assert int(other.optimizer.iterations) == 3
    for found, expected in ((best_again, best), (state_arrays(other), state_arrays(small_model))):
        assert found.keys() == expected.keys()
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])


def test_the_last_two_checkpoints_are_kept(
    checkpoints: Checkpoints, small_model: Autoencoder
) -> None:
    for progress in (Progress(epoch=8), Progress(epoch=9), Progress(9, 4), Progress(epoch=10)):
        checkpoints.save(small_model, {}, progress)

    assert checkpoints.keys() == [
        "checkpoints/ae40/epoch-0009-step-000004",
        "checkpoints/ae40/epoch-0010",
    ]


def test_a_damaged_checkpoint_is_passed_over_and_named(
    checkpoints: Checkpoints, small_model: Autoencoder
) -> None:
    checkpoints.save(small_model, {}, Progress(epoch=1))
    _spoil(checkpoints, checkpoints.save(small_model, {}, Progress(epoch=2)))
    said: list[str] = []

    progress, _ = checkpoints.restore(small_model, said.append)

    assert progress.epoch == 1
    assert len(said) == 1
    assert "epoch-0002.npz is damaged" in said[0]


def test_damage_to_every_checkpoint_is_an_error(
    checkpoints: Checkpoints, small_model: Autoencoder
) -> None:
    _spoil(checkpoints, checkpoints.save(small_model, {}, Progress(epoch=1)))

    with pytest.raises(DamagedArtifact, match="epoch-0001"):
        checkpoints.restore(small_model, lambda line: None)


def test_a_checkpoint_of_another_training_is_refused(
    checkpoints: Checkpoints, small_model: Autoencoder, small_config: AutoencoderConfig
) -> None:
    checkpoints.save(small_model, {}, Progress(epoch=1))
    faster = dataclasses.replace(small_config, learning_rate=0.5)

    with pytest.raises(ForeignCheckpoint, match=r"learning_rate 0\.002 instead of 0\.5"):
        dataclasses.replace(checkpoints, config=faster).restore(small_model, pytest.fail)
    with pytest.raises(ForeignCheckpoint, match="other training images"):
        dataclasses.replace(checkpoints, data="new data").restore(small_model, pytest.fail)


def test_a_checkpoint_fits_a_longer_training(
    checkpoints: Checkpoints, small_model: Autoencoder, small_config: AutoencoderConfig
) -> None:
    checkpoints.save(small_model, {}, Progress(epoch=1))
    longer = dataclasses.replace(small_config, epochs=50, patience=9, precision="mixed_bfloat16")

    progress, _ = dataclasses.replace(checkpoints, config=longer).restore(small_model, pytest.fail)

    assert progress.epoch == 1


def test_what_a_kill_left_of_a_checkpoint_is_removed_by_the_next_one(
    checkpoints: Checkpoints, small_model: Autoencoder
) -> None:
    folder = checkpoints.store.root / "checkpoints" / "ae40"
    leftover = folder / ".tmp-epoch-0001-step-000007.writing"
    for remove in (
        lambda: checkpoints.save(small_model, {}, Progress(epoch=1)),
        checkpoints.clear,
    ):
        folder.mkdir(parents=True, exist_ok=True)
        leftover.write_bytes(b"a whole checkpoint")
        remove()
        assert not list(folder.glob(".tmp-*"))


def test_arrays_that_need_pickle_are_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", allow_pickle=True, weights=np.array([{}], dtype=object))

    with pytest.raises(ValueError, match="allow_pickle"):
        from_npz((tmp_path / "evil.npz").read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_at_every_failing_operation_a_checkpoint_is_left_that_is_whole(
    tmp_path: Path, small_model: Autoencoder, small_config: AutoencoderConfig, fault: str
) -> None:
    epochs = []
    for nth in range(1, 500):
        kept = Checkpoints(ArtifactStore(tmp_path / str(nth)), "ae40", small_config, "some data")
        for epoch in (1, 2):  # a third one makes room
            kept.save(small_model, {}, Progress(epoch=epoch, run="a run"))
        disk = FAULTS[fault](nth)
        try:
            with disk.inserted():
                kept.save(small_model, {}, Progress(epoch=3, run="a run"))
        except (OSError, Died):
            assert disk.struck
        progress, _ = kept.restore(small_model, lambda line: None)
        epochs.append(progress.epoch)
        assert kept.progress().run == "a run"
        kept.save(small_model, {}, Progress(epoch=4, run="a run"))
        assert kept.restore(small_model, pytest.fail)[0].epoch == 4
        if not disk.struck:
            break
    assert not disk.struck
    assert set(epochs) == {2, 3}
