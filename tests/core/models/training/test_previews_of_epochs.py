"""The preview that a training keeps of each epoch."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest

from core.images import Image
from core.models.autoencoder.network import Autoencoder, AutoencoderConfig
from core.models.training.feed import Images
from core.store import ArtifactStore
from core.training_records.previews import (
    join_preview,
    preview_originals,
    preview_psnr_db,
    read_previews,
)
from tests.core.models.training.short_trainings import short_training


def _previews(folder: Path) -> dict[int, Image]:
    return read_previews(ArtifactStore(folder), "histories/ae40").rows


@pytest.mark.slow
def test_the_history_keeps_what_the_model_made_of_the_six_images_after_each_epoch(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    training = short_training(tmp_path, small_config, images)
    training.run()

    found = _previews(tmp_path)
    assert list(found) == [1, 2]
    assert not np.array_equal(found[1], found[2])
    last = training.network.reconstructions(preview_originals())
    np.testing.assert_array_equal(found[2], join_preview(last))


def test_the_preview_says_what_the_validation_of_the_same_images_says(
    small_model: Autoencoder,
) -> None:
    random = np.random.default_rng(3)
    small_model.set_weights([0.2 * random.normal(size=w.shape) for w in small_model.weights])
    found = small_model.evaluate(preview_originals(), verbose=0, return_dict=True)
    preview = join_preview(small_model.reconstructions(preview_originals()))

    assert preview_psnr_db(preview) == pytest.approx(found["psnr_db"], rel=1e-4)


def test_what_a_diverged_model_cannot_say_becomes_black(small_model: Autoencoder) -> None:
    small_model.set_weights([np.full(w.shape, np.nan) for w in small_model.weights])

    assert not small_model.reconstructions(preview_originals()).any()


@pytest.mark.slow
def test_a_training_that_goes_on_keeps_the_previews_of_the_epochs_that_it_knows(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    short_training(tmp_path, small_config, images).run()
    before = _previews(tmp_path)
    store = ArtifactStore(tmp_path)
    store.delete("checkpoints/ae40/epoch-0002")  # as if the newest checkpoint were lost

    longer = short_training(tmp_path, dataclasses.replace(small_config, epochs=3), images)
    longer.resume()
    assert longer.history.previews.numbers == [1]
    longer.run()

    after = _previews(tmp_path)
    assert list(after) == [1, 2, 3]
    np.testing.assert_array_equal(after[1], before[1])


@pytest.mark.slow
def test_a_training_whose_earlier_epochs_have_no_previews_goes_on_with_previews(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    first = short_training(tmp_path, dataclasses.replace(small_config, epochs=1), images)
    first.run()
    store = ArtifactStore(tmp_path)
    facts = {"model": "ae40", "config": small_config.record(), "running": None}
    table = store.read("histories/ae40", "ae40.csv")
    store.commit("histories/ae40", {"ae40.csv": table}, facts=facts)  # as histories once were

    resumed = short_training(tmp_path, small_config, images)
    resumed.resume()
    resumed.run()

    assert list(_previews(tmp_path)) == [2]
    assert [row["epoch"] for row in resumed.history.read()] == [1, 2]


@pytest.mark.slow
def test_damaged_previews_are_told_of_and_do_not_keep_a_training_from_going_on(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    short_training(tmp_path, dataclasses.replace(small_config, epochs=1), images).run()
    (tmp_path / "histories" / "ae40.png").write_bytes(b"no image")
    stream = io.StringIO()

    resumed = short_training(tmp_path, small_config, images, stream=stream)
    resumed.resume()
    resumed.run()

    assert f"the previews of earlier epochs are lost: {tmp_path}/histories/ae40.png" in (
        stream.getvalue()
    )
    assert list(_previews(tmp_path)) == [2]


@pytest.mark.slow
def test_a_training_that_starts_anew_has_no_previews_of_the_one_before(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    short_training(tmp_path, small_config, images).run()
    short_training(tmp_path, dataclasses.replace(small_config, epochs=1), images).run()

    assert list(_previews(tmp_path)) == [1]


def test_previews_of_another_training_are_not_taken_over(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    said = io.StringIO()
    other, own = (short_training(tmp_path, small_config, images, stream=said) for _ in range(2))
    other.progress.run, own.progress.run = "other", "own"
    other.history.previews.append(1, join_preview(preview_originals()))
    other.history.write([{"epoch": 1}])

    own.history.recall_previews(epochs=1, warn=own.monitor.say)
    assert own.history.previews.numbers == []
    assert "are of another training" in said.getvalue()
    other.history.recall_previews(epochs=1, warn=own.monitor.say)
    assert other.history.previews.numbers == [1]
