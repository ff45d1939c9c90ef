"""What a training that goes on from a published model takes from it, and what it leaves."""

import dataclasses
import json
from pathlib import Path

import pytest

from core.models.autoencoder.network import AutoencoderConfig
from core.models.training.checkpoints import OtherImages, to_npz
from core.models.training.feed import Images
from core.models.training.loop import Training
from core.models.training.published import go_on_from_published
from tests.core.models.training.short_trainings import short_training


@pytest.fixture
def published(tmp_path: Path, small_config: AutoencoderConfig, images: Images) -> Training:
    """A training of two epochs whose model is published as one that was lowered after more."""
    training = short_training(tmp_path, dataclasses.replace(small_config, epochs=2), images)
    training.run()
    progress = training.progress
    card = {
        "best_epoch": progress.best_epoch,
        "computed_with": progress.computed_with,
        "lr_drops": 1,
        "first_stop": 9,
        "earlier_data": ["oldest"],
    }
    files = {
        "ae40/weights.npz": to_npz(training.best),
        "ae40/card.json": json.dumps({"training": card}).encode(),
    }
    facts = {"model": "ae40", "data": "data", "config": training.config.identity(), "run": ""}
    training.checkpoints.store.commit("models/ae40", files, facts=facts)
    training.checkpoints.clear()
    return training


@pytest.mark.slow
def test_the_first_stop_lies_within_the_epochs_that_are_left(
    published: Training, tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    resumed = short_training(tmp_path, small_config, images)
    go_on_from_published(resumed)
    assert resumed.progress.first_stop == resumed.progress.epoch == published.progress.best_epoch
    assert resumed.progress.lr_drops == 1
    assert resumed.progress.earlier_data == ["oldest"]


@pytest.mark.slow
def test_only_a_stage_begins_on_other_images(
    published: Training, tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    other = short_training(tmp_path, small_config, images)
    other.checkpoints = dataclasses.replace(other.checkpoints, data="new")
    with pytest.raises(OtherImages, match="other training images"):
        go_on_from_published(other)
    go_on_from_published(other, anew=True)
    assert other.progress.earlier_data == ["oldest", "data"]
