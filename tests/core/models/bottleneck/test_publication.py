"""From a training to files: the published model is a codec."""

import dataclasses
import io
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest

from core.codecs.bottleneck import REFINEMENT, at
from core.dataset.splits import sample_images
from core.entropy.errors import UnknownModel
from core.models import get_model
from core.models.bottleneck import network as bottleneck
from core.models.bottleneck.network import BottleneckConfig
from core.models.bottleneck.stages import Stage
from core.models.training.checkpoints import (
    Arrays,
    Checkpoints,
    ForeignCheckpoint,
    from_npz,
    weight_arrays,
)
from core.models.training.derived_files import add_derived_files
from core.models.training.history import History
from core.models.training.loop import Training
from core.models.training.monitor import Monitor
from core.models.training.publication import Publisher
from core.models.training.published import go_on_from_published
from core.stop_request import StopRequest
from core.store import ArtifactStore
from core.training_records.history_facts import HistoryFacts
from tests.core.models.tiny import TINY

CONFIG = dataclasses.replace(
    TINY, learning_rate=1e-3, batch=4, epochs=1, epoch_images=None, validation_images=None
)


@pytest.fixture(scope="module")
def scenes() -> np.ndarray:
    """Sixteen pieces of photographs, 160x160."""
    photographs = [p for p in sample_images().values() if min(p.shape[:2]) >= 290]
    corners = [(t, s) for t in (0, 64, 128) for s in (0, 64, 128)]
    return np.stack([p[t : t + 160, s : s + 160] for p in photographs for t, s in corners][:16])


def _training(
    store: ArtifactStore, scenes: np.ndarray, config: BottleneckConfig = CONFIG
) -> Training:
    history = History(store, "bottleneck", config)
    keras.utils.set_random_seed(config.seed)
    return Training(
        bottleneck.build(config),
        config,
        scenes[:12],
        scenes[12:],
        Checkpoints(store, "bottleneck", config, "data"),
        history,
        Monitor(history, config.epochs, io.StringIO()),
        StopRequest(),
    )


class Published(NamedTuple):
    """A training that is published, and the card of its model."""

    training: Training
    card: dict[str, Any]

    def copied(self, folder: Path) -> ArtifactStore:
        """A store of a test's own with all that the training left."""
        shutil.copytree(self.training.checkpoints.store.root, folder, dirs_exist_ok=True)
        return ArtifactStore(folder)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, scenes: np.ndarray) -> Published:
    store = ArtifactStore(tmp_path_factory.mktemp("published"))
    training = _training(store, scenes)
    training.run()
    card = Publisher(store, "bottleneck", get_model("bottleneck"), training).publish()
    return Published(training, card)


@pytest.mark.slow
def test_a_published_model_is_a_codec_whose_card_tells_its_cost(
    tmp_path: Path, published: Published, scenes: np.ndarray
) -> None:
    store, (training, card) = published.copied(tmp_path), published

    assert json.loads(store.read("models/bottleneck", "bottleneck/card.json")) == card
    assert card["integer_path"]["rate_cost_percent"] < 0.5
    assert card["export"]["largest_difference_levels"] < 0.1
    assert card["stride"] == 16
    weights = from_npz(store.read("models/bottleneck", "bottleneck/weights.npz"))
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float16)}
    point, image = at(80, store), scenes[13]
    data = point.encode(image)
    error = np.mean((point.decode(data).astype(float) - image) ** 2)
    assert 9 < len(data) < image.size // 8
    assert error < 0.3 * image.astype(float).var()

    _check_the_search(store, image)

    other = _training(store, scenes)
    other.checkpoints.clear()
    go_on_from_published(other)
    for name, array in training.best.items():
        np.testing.assert_allclose(other.best[name], array, rtol=1e-3, atol=1e-4, err_msg=name)
    np.testing.assert_array_equal(
        weight_arrays(other.network)["step_1_spatial/kernel"],
        weights["step_1_spatial/kernel"].astype(np.float32),
    )
    _check_a_further_stage(store, scenes, weights_before=other.best)


@pytest.mark.slow
def test_a_stage_publishes_what_it_does_not_train_equal_to_the_byte(
    tmp_path: Path, published: Published, scenes: np.ndarray
) -> None:
    store = published.copied(tmp_path)
    before = _published_files(store)
    file = at(60, store).encode(scenes[13])

    _publish_stage(store, scenes, "encoder")
    after = _published_files(store)
    assert _equal(before, after) >= {"synthesis.onnx", "entropy.npz"}
    assert after["analysis.onnx"] != before["analysis.onnx"]
    assert at(60, store).decode(file).shape == scenes[13].shape

    before = after
    _publish_stage(store, scenes, "entropy")
    after = _published_files(store)
    kept = {"analysis.onnx", "hyper_analysis.onnx", "synthesis.onnx"}
    assert _equal(before, after) >= kept
    with pytest.raises(UnknownModel):
        at(60, store).decode(file)
    assert at(60, store).decode(at(60, store).encode(scenes[13])).shape == scenes[13].shape


def _publish_stage(store: ArtifactStore, scenes: np.ndarray, stage: Stage) -> None:
    done = json.loads(store.read("models/bottleneck", "bottleneck/card.json"))["training"]
    config = dataclasses.replace(CONFIG, stage=stage, epochs=done["best_epoch"] + 1)
    training = _training(store, scenes, config)
    go_on_from_published(training, anew=True)
    training.progress.best_loss = np.inf  # so that the stage's own weights are published
    training.run()
    Publisher(store, "bottleneck", get_model("bottleneck"), training).publish()


def _published_files(store: ArtifactStore) -> dict[str, bytes]:
    published = store.open("models/bottleneck")
    names = published.manifest.files
    return {name.removeprefix("bottleneck/"): published.read(name) for name in names}


def _equal(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before if before[name] == after[name]}


def _check_the_search(store: ArtifactStore, image: np.ndarray) -> None:
    """The encoder can search, and a model without the file gets it without any other change."""
    point = dataclasses.replace(at(60, store), effort=1)
    assert point.decode(point.encode(image)).shape == image.shape
    before = store.open("models/bottleneck")
    files = {name: before.read(name) for name in before.manifest.files}
    kept = {name: data for name, data in files.items() if not name.endswith(REFINEMENT)}
    assert len(kept) == len(files) - 1
    store.commit("models/bottleneck", kept, facts=before.facts)
    added = add_derived_files(store, "bottleneck", get_model("bottleneck"))
    after = store.open("models/bottleneck")
    assert added == (REFINEMENT,)
    assert after.facts == before.facts
    assert {name: after.read(name) for name in kept} == kept
    assert point.decode(point.encode(image)).shape == image.shape


def _check_a_further_stage(
    store: ArtifactStore, scenes: np.ndarray, *, weights_before: Arrays
) -> None:
    """A stage may change the plan but not the network, and its plan begins where it does."""
    for change in ({"learning_rate": 2e-3}, {"levels": 4}):
        foreign = _training(store, scenes, dataclasses.replace(CONFIG, **change))
        with pytest.raises(ForeignCheckpoint, match=next(iter(change))):
            go_on_from_published(foreign, anew="levels" in change)

    config = dataclasses.replace(CONFIG, learning_rate=2e-3, batch=3, epochs=3)
    stage = _training(store, scenes, config)
    go_on_from_published(stage, anew=True)
    for name, array in weights_before.items():
        np.testing.assert_array_equal(stage.best[name], array, err_msg=name)
    stage.run()
    assert stage.progress.epoch == 3
    facts = HistoryFacts.of(store.open("histories/bottleneck"))
    assert (facts.best_epoch, facts.stage_starts) == (stage.progress.best_epoch, (1, 2))
    assert stage.network.optimizer.schedule.steps == 2 * stage.steps == 8
    assert int(stage.network.optimizer.iterations) == 8

    Publisher(store, "bottleneck", get_model("bottleneck"), stage).publish()
    resumed = _training(store, scenes, dataclasses.replace(config, epochs=5))
    go_on_from_published(resumed)
    done = resumed.progress.best_epoch - 1
    assert (resumed.progress.plan_start, resumed.progress.steps_forgotten) == (1, 4 * done)
