"""From a training to files: the published model is a codec."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

from core.codecs.bottleneck import at
from core.dataset import sample_pictures
from core.models import bottleneck
from core.models.bottleneck import BottleneckConfig
from core.models.checkpoints import Checkpoints, from_npz, weight_arrays
from core.models.history import History
from core.models.monitor import Monitor
from core.models.publication import Publisher, go_on_from_published
from core.models.stop_request import StopRequest
from core.models.training import Training
from core.store import ArtifactStore

CONFIG = BottleneckConfig(
    learning_rate=1e-3,
    batch=4,
    epochs=1,
    channels=32,
    width=8,
    deep_width=8,
    analysis_blocks=(1, 1),
    synthesis_blocks=(1, 1),
    entropy_width=16,
    side_channels=4,
    levels=3,
    averaging=0.5,
)


@pytest.fixture(scope="module")
def scenes() -> np.ndarray:
    """Sixteen pieces of photographs, 160x160."""
    photographs = [p for p in sample_pictures().values() if min(p.shape[:2]) >= 290]
    corners = [(t, s) for t in (0, 64, 128) for s in (0, 64, 128)]
    return np.stack([p[t : t + 160, s : s + 160] for p in photographs for t, s in corners][:16])


def _training(store: ArtifactStore, scenes: np.ndarray) -> Training:
    history = History(store, "bottleneck", CONFIG)
    return Training(
        bottleneck.build(CONFIG),
        CONFIG,
        scenes[:12],
        scenes[12:],
        Checkpoints(store, "bottleneck", CONFIG, "data"),
        history,
        Monitor(history, CONFIG.epochs, io.StringIO()),
        StopRequest(),
    )


@pytest.mark.slow
def test_a_published_model_is_a_codec_whose_card_tells_its_cost(
    tmp_path: Path, scenes: np.ndarray
) -> None:
    store = ArtifactStore(tmp_path)
    training = _training(store, scenes)
    training.run()
    card = Publisher(store, "bottleneck", bottleneck, training).publish()

    assert json.loads(store.read("models/bottleneck", "bottleneck/card.json")) == card
    assert card["integer_path"]["rate_cost_percent"] < 0.5
    assert card["export"]["largest_difference_levels"] < 0.1
    assert card["stride"] == 16
    weights = from_npz(store.read("models/bottleneck", "bottleneck/weights.npz"))
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float16)}
    codec, picture = at(80, store), scenes[13]
    data = codec.encode(picture)
    error = np.mean((codec.decode(data).astype(float) - picture) ** 2)
    assert 9 < len(data) < picture.size // 8
    assert error < 0.3 * picture.astype(float).var()

    training.checkpoints.clear()
    other = _training(store, scenes)
    go_on_from_published(other)
    for name, array in training.best.items():
        np.testing.assert_allclose(other.best[name], array, rtol=1e-3, atol=1e-4, err_msg=name)
    np.testing.assert_array_equal(
        weight_arrays(other.network)["step_1_spatial/kernel"],
        weights["step_1_spatial/kernel"].astype(np.float32),
    )
