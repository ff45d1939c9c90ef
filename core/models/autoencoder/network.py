"""The convolutional autoencoder of the thesis, of which `ae80`, `ae40` and `ae20` are three depths.

Each layer of the encoder is a 3x3 convolution, an activation and a 2x2 max-pooling. The decoder
mirrors it: a transposed 3x3 convolution and a doubling per layer, and a 3x3 convolution to RGB.
Two things are computed in another order than a drawing of the network has them, for speed and
with the same result: the activation, which never decreases, after the pooling instead of before
it; and the last doubling together with the convolution behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from core.codecs.autoencoder import Architecture
from core.codecs.onnx_network import OnnxNetwork
from core.entropy.latent_tables import fit_latent_tables
from core.models.base import PEAK, ImageModel, ModelConfig
from core.models.tensor import Tensor
from core.training_records.model_layers import Layer, autoencoder_layers

#: Keras' own slope of the leaky ReLU in the version that the thesis used, and still today.
LEAKY_SLOPE = 0.3

_TABLE_BATCH = 8

#: How the two rows of a doubled image see the 3x3 kernel's rows: [row, low-resolution tap, tap].
_DOUBLING = np.array(
    [[[1, 0, 0], [0, 1, 1], [0, 0, 0]], [[0, 0, 0], [1, 1, 0], [0, 0, 1]]], dtype=np.float32
)


@dataclass(frozen=True)
class AutoencoderConfig(ModelConfig):
    """Shape of one autoencoder and how it is trained.

    Attributes:
        filters: Filters of the encoder's layers; their number is the number of poolings.
        activation: Activation after every convolution but the last.
    """

    filters: tuple[int, ...] = (64,)
    activation: Literal["relu", "leaky_relu"] = "relu"

    @classmethod
    def of(cls, architecture: Architecture) -> "AutoencoderConfig":
        """What the search of the thesis found best."""
        return cls(
            filters=architecture.filters,
            activation=architecture.activation,
            learning_rate=architecture.learning_rate,
        )

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "filters", tuple(self.filters))
        if not self.filters or min(self.filters) < 1:
            raise ValueError(f"filters must be positive numbers; received {self.filters}.")
        if self.activation not in ("relu", "leaky_relu"):
            raise ValueError(
                f"activation must be relu or leaky_relu; received {self.activation!r}."
            )


class Autoencoder(ImageModel):
    """An encoder from images to latents and a decoder back, trained on squared error."""

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        config: AutoencoderConfig,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.config = config
        self.encoder = encoder
        self.decoder = decoder

    def networks(self) -> dict[str, keras.Model]:
        """Encoder and decoder, which are exported apart."""
        return {"encoder": self.encoder, "decoder": self.decoder}

    def layer_table(self, latent: tuple[int, int, int], *, stride: int) -> tuple[Layer, ...]:
        """Encoder and decoder."""
        height, width = latent[0] * stride, latent[1] * stride
        return autoencoder_layers(
            self.config.filters, self.config.activation, height=height, width=width
        )

    def companions(
        self, networks: Mapping[str, OnnxNetwork], images: NDArray[np.uint8]
    ) -> dict[str, bytes]:
        """Entropy tables of the latent, for the codec of the same name."""
        starts = range(0, len(images), _TABLE_BATCH)
        tables = fit_latent_tables(
            networks["encoder"].run,
            lambda: (np.asarray(images[start : start + _TABLE_BATCH]) for start in starts),
        )
        return {"tables.npz": tables.to_bytes()}

    def call(self, images: Tensor, training: bool = False) -> Tensor:
        """Reconstructions on the 0..1 scale."""
        return self.decoder(self.encoder(images, training=training), training=training)

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Mean squared error on the 0..1 scale."""
        return ops.mean(ops.square(ops.cast(x, "float32") / PEAK - y_pred))


class DoubledConvolution(layers.Layer):  # type: ignore[misc]
    """A doubling by nearest neighbours and a 3x3 convolution behind it, in one.

    At each of the four positions inside a doubled pixel the 3x3 kernel sees fewer distinct
    pixels than it has taps, and always the same ones. So one convolution before the doubling
    gives all four positions as channels; the large tensor in between never exists.

    Args:
        filters: Channels of the output.
    """

    def __init__(self, filters: int, **options: Any) -> None:
        super().__init__(**options)
        self.filters = filters

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the kernel of the 3x3 convolution and its bias."""
        shape = (3, 3, input_shape[-1], self.filters)
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, inputs: Tensor) -> Tensor:
        """Output of twice the height and width."""
        doubling = ops.cast(_DOUBLING, self.compute_dtype)
        folded = ops.einsum("aui,bvj,ijcf->uvcabf", doubling, doubling, self.kernel)
        folded = ops.reshape(folded, (3, 3, inputs.shape[-1], 4 * self.filters))
        positions = ops.conv(inputs, folded, padding="same")
        _, height, width, _ = ops.shape(inputs)
        blocks = ops.reshape(positions, (-1, height, width, 2, 2, self.filters))
        rows = ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
        return ops.reshape(rows, (-1, 2 * height, 2 * width, self.filters)) + self.bias

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the output, with unknown sizes left unknown."""
        batch, height, width, _ = input_shape
        double = [None if size is None else 2 * size for size in (height, width)]
        return (batch, *double, self.filters)


class UnitRange(layers.Layer):  # type: ignore[misc]
    """Clips to 0..1 outside training; in training a clipped value would have no gradient."""

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Images on the 0..1 scale."""
        return inputs if training else ops.clip(inputs, 0.0, 1.0)


def build_autoencoder(config: AutoencoderConfig, *, name: str) -> Autoencoder:
    """Compiled autoencoder with fresh weights.

    Args:
        config: Shape and training.
        name: Name of the model.
    """
    model = Autoencoder(_encoder(config), _decoder(config), config=config, name=name)
    # XLA halves the speed of these convolutions on CPUs; JAX has nothing else.
    compiled = keras.backend.backend() == "jax"
    # Without a name of its own the second optimiser of a process would be called adam_1, and its
    # checkpoints would not fit the first.
    optimizer = keras.optimizers.Adam(config.learning_rate, name="adam")
    model.compile(optimizer, jit_compile=compiled)
    return model


def _encoder(config: AutoencoderConfig) -> keras.Model:
    dtype = config.precision
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    values = layers.Rescaling(1.0 / PEAK, dtype=dtype, name="unit_scale")(images)
    for index, filters in enumerate(config.filters, start=1):
        name = f"convolution_{index}"
        values = layers.Conv2D(filters, 3, padding="same", dtype=dtype, name=name)(values)
        values = layers.MaxPooling2D(2, dtype=dtype, name=f"pooling_{index}")(values)
        values = _activation(config, f"activation_{index}")(values)
    return keras.Model(images, values, name="encoder")


def _decoder(config: AutoencoderConfig) -> keras.Model:
    dtype = config.precision
    latent = keras.Input((None, None, config.filters[-1]), name="latent")
    values = latent
    for index, filters in enumerate(reversed(config.filters), start=1):
        if index > 1:
            values = layers.UpSampling2D(2, dtype=dtype, name=f"doubling_{index - 1}")(values)
        name = f"transposed_convolution_{index}"
        values = layers.Conv2DTranspose(filters, 3, padding="same", dtype=dtype, name=name)(values)
        values = _activation(config, f"activation_{index}")(values)
    values = DoubledConvolution(3, dtype=dtype, name="doubled_convolution")(values)
    images = UnitRange(dtype="float32", name="unit_range")(values)
    return keras.Model(latent, images, name="decoder")


def _activation(config: AutoencoderConfig, name: str) -> layers.Layer:
    if config.activation == "relu":
        return layers.ReLU(dtype=config.precision, name=name)
    return layers.LeakyReLU(negative_slope=LEAKY_SLOPE, dtype=config.precision, name=name)
