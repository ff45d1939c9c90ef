"""A training of a few steps on random images, and what can happen to it."""

import io
import signal
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
from core.training_records.runs import read_runs


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


class StopAfter(StopRequest):
    """Wishes to stop once it was asked so many times."""

    def __init__(self, questions: int) -> None:
        self._left = questions

    @property
    def signal(self) -> int | None:  # type: ignore[override]
        self._left -= 1
        return signal.SIGTERM if self._left < 0 else None


def ending_of(folder: Path) -> str:
    """By which rule a training ended, as its history tells."""
    return read_runs(ArtifactStore(folder)).runs["ae40"].ended_by


def spoil(training: Training, value: float) -> None:
    training.network.set_weights([np.full(w.shape, value) for w in training.network.weights])
