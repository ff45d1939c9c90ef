"""Base classes of trainable models: the interface of the training loop and the export."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from core.codecs.onnx_network import OnnxNetwork
from core.models.tensor import Tensor
from core.training_records.model_layers import Layer

#: Largest pixel value; its square is the peak power in the PSNR.
PEAK = 255.0

Precision = Literal["float32", "mixed_bfloat16"]


@dataclass(frozen=True)
class ModelConfig:
    """Hyperparameters of every training; a model adds its own fields.

    Attributes:
        learning_rate: Step size of the optimiser.
        batch: Images per step.
        epochs: Epoch limit.
        patience: Early stopping: epochs without a better validation loss.
        lr_drops: How often, before early stopping, the learning rate is instead lowered to a third
            and training continues from the best weights. The thesis did not do this.
        seed: Seed of the initial weights and of the order of the images.
        precision: Keras dtype policy of the layers in training. Weights and exported networks are
            float32 in any case; `mixed_bfloat16` halves the time on processors with instructions
            for it, and is slow on others.
        epoch_images: Training images per epoch; the whole split when None.
        validation_images: Validation images per epoch, spread evenly over the split; the whole
            split when None.
    """

    learning_rate: float
    batch: int = 32
    epochs: int = 100
    patience: int = 5
    lr_drops: int = 0
    seed: int = 0
    precision: Precision = "float32"
    epoch_images: int | None = None
    validation_images: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < 1:
            raise ValueError(f"learning_rate must lie in 0..1; received {self.learning_rate}.")
        counts = ("batch", "epochs", "patience", "epoch_images", "validation_images")
        for name in counts:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1; received {value}.")
        if self.precision not in get_args(Precision):
            expected = " or ".join(get_args(Precision))
            raise ValueError(f"precision must be {expected}; received {self.precision!r}.")
        for name in ("seed", "lr_drops"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative; received {getattr(self, name)}.")

    def record(self) -> dict[str, Any]:
        """Fields as JSON values."""
        return _as_json(dataclasses.asdict(self))

    def identity(self) -> dict[str, Any]:
        """Fields that a checkpoint must share: all but stopping criteria and precision."""
        free = ("epochs", "patience", "lr_drops", "precision")
        return {name: value for name, value in self.record().items() if name not in free}

    def completed(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A stored record of such a configuration with the fields that it did not have yet.

        Each of those had what is now its default.

        Args:
            record: Fields as JSON values.
        """
        own = dataclasses.fields(self)
        defaults = {f.name: f.default for f in own if f.default is not dataclasses.MISSING}
        return _as_json(defaults) | dict(record)

    def plan_fields(self) -> frozenset[str]:
        """Fields that a fine-tuning stage may change: those of the training, not the network's."""
        own = ("learning_rate", "batch", "seed", "epoch_images", "validation_images")
        return frozenset(own)

    def network_fields(self) -> frozenset[str]:
        """Fields that every stage of a model shares."""
        return frozenset(self.identity()) - self.plan_fields()


def _as_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in fields.items()}


class ImageModel(keras.Model, ABC):  # type: ignore[misc]
    """A model trained on batches of uint8 images, which are both input and target.

    A subclass defines `networks`, `call` and `compute_loss`, and is compiled by its module's
    `build`. The metric `psnr_db` is the thesis' PSNR of the output of `call` on the 0..1 scale.

    Attributes:
        stored_as: Dtype that the weights are rounded to when the model is published.
        has_float_latent: Whether its networks, applied in turn without quantisation, reconstruct
            the image, as in the thesis.
    """

    stored_as: Literal["float32", "float16"] = "float32"
    has_float_latent = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.psnr_db = keras.metrics.Mean(name="psnr_db")

    @abstractmethod
    def networks(self) -> dict[str, keras.Model]:
        """Networks to export, by the names of their files."""

    @property
    def frozen_files(self) -> frozenset[str]:
        """Published files that this training must not change by a byte."""
        return frozenset()

    def scaled_weights(self) -> dict[str, float]:
        """Factors by which an exported network scales weights, by their paths."""
        return {}

    def initialise(self, images: NDArray[np.uint8]) -> None:
        """Initialises weights from the training images; nothing to do by default.

        Called once, before the first step; not when a training is resumed.

        Args:
            images: The training images, uint8, shape (count, height, width, 3).
        """

    def begin_stage(self, images: NDArray[np.uint8]) -> None:
        """Prepares published weights for a fine-tuning stage; nothing to do by default.

        Called once, when the stage begins; not when it is resumed.

        Args:
            images: The training images, uint8, shape (count, height, width, 3).
        """

    def network_inputs(self, images: NDArray[np.uint8]) -> dict[str, Tensor]:
        """Input of each network for some images: the output of the previous network.

        Args:
            images: uint8, shape (count, height, width, 3).
        """
        inputs: dict[str, Tensor] = {}
        values: Tensor = images
        for name, network in self.networks().items():
            inputs[name] = values
            values = network.predict_on_batch(values)
        return inputs

    def plan(self, steps: int, *, forgotten: int = 0) -> None:
        """Sets the length of the training; called before each run.

        Args:
            steps: Total number of steps over all runs.
            forgotten: Steps that were done before the optimiser's step counter was reset.
        """

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Context manager in which the network has the weights to validate and publish.

        By default the latest ones.
        """
        yield

    def reconstructions(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Reconstructions of images with the current weights, of the same shape.

        Args:
            images: uint8, shape (count, height, width, 3).
        """
        return rounded_to_bytes(self.predict_on_batch(images))

    def companions(
        self, networks: Mapping[str, OnnxNetwork], images: NDArray[np.uint8]
    ) -> dict[str, bytes]:
        """Further files of the trained model, such as tables fitted to its networks' output.

        Args:
            networks: The exported networks by name.
            images: Validation images, uint8, shape (count, height, width, 3).
        """
        return {}

    def derived_files(self) -> dict[str, bytes]:
        """Files for the encoder alone that follow from the weights; none by default.

        A model can be used without them, and nothing else that is published depends on them.
        """
        return {}

    def layer_table(self, latent: tuple[int, int, int], *, stride: int) -> Sequence[Layer]:
        """Output shape of each layer, for the model card; empty by default.

        Args:
            latent: Rows, columns and channels of the latent of a training image.
            stride: Pixels of the image per position of the latent, along each side.
        """
        return ()

    def card_facts(self, files: Mapping[str, bytes], images: NDArray[np.uint8]) -> dict[str, Any]:
        """Model-specific entries of the model card.

        Args:
            files: All networks and companions by the names of their files.
            images: Validation images, uint8, shape (count, height, width, 3).
        """
        return {}

    def make_train_function(self, force: bool = False) -> Any:
        """Makes the function of a training step, after the optimiser's variables.

        If they were made inside the first step, TensorFlow would trace it twice, which takes
        longer than anything else at the start of a training.
        """
        self.optimizer.build(self.trainable_variables)
        return super().make_train_function(force)

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Tensor, sample_weight: Tensor = None
    ) -> dict[str, Tensor]:
        """Metrics of the batch, PSNR included."""
        self.psnr_db.update_state(psnr_db(x, y_pred))
        figures: dict[str, Tensor] = self.get_metrics_result()
        return figures


@dataclass(frozen=True)
class Model:
    """One of the models that can be trained.

    Attributes:
        label: Name on the screen.
        config: Its default configuration, a kind of `ModelConfig`.
        build: Makes the compiled network of such a configuration, with initial weights.
        presets: Further sizes and plans by name.
    """

    label: str
    config: Any
    build: Callable[[Any], ImageModel]
    presets: Mapping[str, Any] = field(default_factory=dict)


def build_seeded(model: Model, config: ModelConfig) -> ImageModel:
    """Compiled network of a model, initialised from the seed."""
    keras.utils.set_random_seed(config.seed)
    return model.build(config)


def rounded_to_bytes(values: Tensor) -> NDArray[np.uint8]:
    """Images as uint8; NaN, which a diverged network gives, becomes black.

    Args:
        values: Floats on the 0..1 scale; clipped and rounded here.
    """
    levels = np.nan_to_num(np.asarray(values) * PEAK, posinf=PEAK)
    rounded: NDArray[np.uint8] = np.rint(np.clip(levels, 0.0, PEAK)).astype(np.uint8)
    return rounded


def psnr_db(images: Tensor, reconstructions: Tensor) -> Tensor:
    """PSNR in dB of each image after rounding to bytes, shape (batch,).

    Args:
        images: uint8, shape (batch, height, width, 3).
        reconstructions: Floats on the 0..1 scale, of the same shape; clipped and rounded here.
    """
    levels = ops.round(ops.clip(reconstructions * PEAK, 0.0, PEAK))
    errors = ops.square(ops.cast(images, "float32") - levels)
    mean_square = ops.maximum(ops.mean(errors, axis=(1, 2, 3)), 1e-10)
    return 10.0 * ops.log10(PEAK**2 / mean_square)
