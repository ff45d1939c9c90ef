"""The two ways of running a training's steps, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import keras

from core.dataset.training_photographs import open_photographs
from core.models.training.loop import Training
from core.models.training.variation import Variation
from core.store import ArtifactStore


class WrongBackend(ValueError):
    """The engine does not run on the backend that Keras has."""


@dataclass(frozen=True)
class EngineRequest:
    """Which engine the user asks for, and what it trains on beside the data set's images.

    Attributes:
        name: `fit`, Keras' own loop, or `scan`, many steps per call on JAX.
        minutes: Minutes that the training may take; with scan alone.
        augment: Whether images are flipped, transposed and zoomed.
        photographs: Whether crops of photographs are trained on as well.
        photographs_sha256: Which ones, as their manifest says; None until they were opened.
    """

    name: str = "fit"
    minutes: float | None = None
    augment: bool = False
    photographs: bool = False
    photographs_sha256: str | None = None


def choose_engine(
    request: EngineRequest, store: ArtifactStore, model: str
) -> Callable[..., Training]:
    """What makes a training of the arguments of `Training`.

    Args:
        request: Which engine.
        store: Holds the photographs, and gets the averaged weights.
        model: Name of the model.

    Raises:
        WrongBackend: Scan was chosen and Keras does not run on JAX.
        ArtifactError: There are no photographs, or they are damaged.
    """
    is_varied = request.augment or request.photographs
    photographs = open_photographs(store) if request.photographs else None
    if request.name == "fit":
        return partial(Training, variation=Variation(photographs) if is_varied else None)
    if keras.backend.backend() != "jax":
        raise WrongBackend(
            "--engine scan needs JAX: set the environment variable KERAS_BACKEND=jax."
        )
    # JAX takes seconds to import, and no other engine needs it.
    from core.models.training.sampling import plain, varied
    from core.models.training.scan_training import ScanTraining
    from core.models.training.weight_pieces import WeightPieces

    return partial(
        ScanTraining,
        minutes=request.minutes,
        sampler=varied if is_varied else plain,
        photographs=photographs,
        pieces=WeightPieces(store, model),
    )
