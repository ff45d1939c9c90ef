"""A training of a few steps on random images."""

import io
from pathlib import Path

import numpy as np

from core.models import get_model
from core.models.autoencoder.network import AutoencoderConfig
from core.models.training.checkpoints import Checkpoints
from core.models.training.feed import Images
from core.models.training.history import History
from core.models.training.loop import Training
from core.models.training.monitor import Monitor
from core.stop_request import StopRequest
from core.store import ArtifactStore


def short_training(
    folder: Path,
    config: AutoencoderConfig,
    images: Images,
    stop: StopRequest | None = None,
    stream: io.StringIO | None = None,
) -> Training:
    store = ArtifactStore(folder)
    history = History(store, "ae40", config)
    model = get_model("ae40").build(config)
    # Every training of a test starts from the same weights, without touching global seeds.
    random = np.random.default_rng(config.seed)
    model.set_weights([0.2 * random.normal(size=weight.shape) for weight in model.weights])
    return Training(
        model,
        config,
        images[:14],
        images[14:],
        Checkpoints(store, "ae40", config, "data"),
        history,
        Monitor(history, config.epochs, stream or io.StringIO()),
        stop or StopRequest(),
    )
