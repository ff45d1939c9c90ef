"""An autoencoder of the thesis' topology, trained for bits per pixel + weight x squared error.

One model serves all qualities: each has its own gains, from levels that are interpolated in the
logarithm (Cui et al., CVPR 2021, https://arxiv.org/abs/2003.02012). In training, noise stands in
for rounding in the rate, and the reconstruction is made from rounded values with straight-through
gradients.
"""

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from core.codecs.onnx_network import OnnxNetwork
from core.codecs.rate_autoencoder import TABLES
from core.entropy.bitstream import MIN_HEADER_BYTES
from core.entropy.fixed_point import QUALITIES
from core.models.augmentation import mirrored_and_moved
from core.models.base import PEAK, psnr_db, rounded_to_bytes
from core.models.quality_levels import (
    LevelTable,
    level_weights,
    rate_distortion_weight,
)
from core.models.rate_autoencoder.config import RateAutoencoderConfig
from core.models.rate_autoencoder.densities import ChannelDensities, channel_tables
from core.models.rate_autoencoder.transforms import (
    fit_block_basis,
    make_decoder,
    make_encoder,
    start_as_block_transform,
)
from core.models.straight_through import straight_through
from core.models.tensor import Tensor
from core.models.training.averaged_muon import AveragedMuon
from core.models.variable_rate import VariableRateModel, network_quality
from core.training_records.model_layers import Layer, rate_autoencoder_layers
from core.training_records.previews import PREVIEW_QUALITY

#: Qualities in 1..100 that are validated and recorded in a training's history.
VALIDATED_QUALITIES = (1, 25, 50, 75, 100)
_FIGURES = ("bits_per_pixel", "psnr_db")


class RateAutoencoder(VariableRateModel):
    """Encoder, decoder, gains and densities, trained together at random qualities.

    Args:
        config: Shape and training.
    """

    stored_as = "float16"
    #: Gains lie between the networks; what they give without them is no image.
    has_float_latent = False

    def __init__(self, config: RateAutoencoderConfig, **options: Any) -> None:
        super().__init__(**options)
        self.config = config
        self.encoder = make_encoder(config)
        self.decoder = make_decoder(config)
        self.densities = ChannelDensities(config.channels, dtype="float32", name="densities")
        self.log_gains = self._gains("log_gains")
        self.restored_log_gains = self._gains("restored_log_gains")
        self.chance = keras.random.SeedGenerator(config.seed, name="chance")
        names = ["bits_per_pixel"]
        names += [f"{name}_{quality}" for quality in VALIDATED_QUALITIES for name in _FIGURES]
        self.means = {name: keras.metrics.Mean(name=name) for name in names}

    def networks(self) -> dict[str, keras.Model]:
        """Encoder and decoder, which are exported apart."""
        return {"encoder": self.encoder, "decoder": self.decoder}

    def initialise(self, images: NDArray[np.uint8]) -> None:
        """Starts as a block transform, with the quantiser steps that are best at high rates."""
        basis = fit_block_basis(images, self.config)
        start_as_block_transform(self.encoder, self.decoder, basis, self.config)
        weights = np.geomspace(
            self.config.lowest_weight, self.config.highest_weight, self.config.levels
        )
        # The error per value of an orthonormal transform is that per value of a pixel.
        steps = np.sqrt(12.0 * 1.5 / math.log(2.0) / weights)
        log_gains = np.log(PEAK / steps)[:, np.newaxis] * np.ones(self.config.channels)
        self.densities.assign(basis.deviations)
        self.log_gains.assign(log_gains)
        self.restored_log_gains.assign(log_gains)

    def layer_table(self, latent: tuple[int, int, int], *, stride: int) -> tuple[Layer, ...]:
        """Encoder and decoder."""
        config = self.config
        return rate_autoencoder_layers(
            config.filters,
            latent,
            stride=stride,
            activation=config.activation,
            kernel=config.kernel,
        )

    def companions(
        self, networks: Mapping[str, OnnxNetwork], images: NDArray[np.uint8]
    ) -> dict[str, bytes]:
        """Gains and entropy tables at every quality."""
        places = (np.arange(QUALITIES) / (QUALITIES - 1) * (self.config.levels - 1))[:, np.newaxis]
        found = np.maximum(1.0 - np.abs(places - np.arange(self.config.levels)), 0.0)
        gains, restored = (
            found @ np.asarray(table.table).astype(np.float64)
            for table in (self.log_gains, self.restored_log_gains)
        )
        return {TABLES: channel_tables(self.densities, gains, restored).to_bytes()}

    def call(self, images: Tensor, training: bool = False) -> dict[str, Tensor]:
        """Loss and metrics of each image: at a random quality in training, else as validated.

        Returns:
            `loss`, `bits_per_pixel` and `psnr_db`, of shape (batch,); outside training their means
            over the validated qualities, and the values at each quality.
        """
        if training:
            pixels = ops.cast(images, "float32")
            if self.config.max_shift:
                pixels = mirrored_and_moved(
                    pixels, max_shift=self.config.max_shift, seed=self.chance
                )
            quality = keras.random.uniform((ops.shape(images)[0],), seed=self.chance)
            return self._figures(pixels, self._latents(pixels, training=True), quality, True)
        return self._validation_figures(ops.cast(images, "float32"))

    def reconstructions(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Reconstructions of images coded at quality `PREVIEW_QUALITY`."""
        quality = np.full(len(images), network_quality(PREVIEW_QUALITY), dtype=np.float32)
        levels = level_weights(ops.convert_to_tensor(quality), self.config.levels)
        latents = self._latents(ops.cast(images, "float32"), training=False)
        symbols = ops.round(latents * ops.exp(self.log_gains(levels)))
        found = self.decoder(symbols / ops.exp(self.restored_log_gains(levels)))
        return rounded_to_bytes(ops.convert_to_numpy(found))

    def _validation_figures(self, images: Tensor) -> dict[str, Tensor]:
        """Means over the qualities, and the values at each quality."""
        latents, count = self._latents(images, training=False), ops.shape(images)[0]
        tables = []
        for label in VALIDATED_QUALITIES:
            quality = ops.full((count,), network_quality(label), dtype="float32")
            tables.append(self._figures(images, latents, quality, False))
        means = {name: sum(t[name] for t in tables) / len(tables) for name in tables[0]}
        for label, table in zip(VALIDATED_QUALITIES, tables, strict=True):
            for name in _FIGURES:
                means[f"{name}_{label}"] = table[name]
        return means

    def _latents(self, images: Tensor, *, training: bool) -> Tensor:
        return self.encoder(images, training=training)

    def _figures(
        self, images: Tensor, latents: Tensor, quality: Tensor, training: bool
    ) -> dict[str, Tensor]:
        levels = level_weights(quality, self.config.levels)
        log_gains = self.log_gains(levels)
        values = latents * ops.exp(log_gains)
        symbols = straight_through(values, ops.round(values))
        told = symbols
        if training:
            told = values + keras.random.uniform(ops.shape(values), -0.5, 0.5, seed=self.chance)
        bits = ops.sum(self.densities(told, log_gains), axis=(1, 2, 3)) + 8.0 * MIN_HEADER_BYTES
        restored = symbols * ops.exp(-self.restored_log_gains(levels))
        found = PEAK * self.decoder(restored, training=training)
        _, height, width, _ = ops.shape(images)
        bits_per_pixel = bits / ops.cast(height * width, "float32")
        weight = rate_distortion_weight(
            quality, self.config.lowest_weight, self.config.highest_weight
        )
        error = ops.mean(ops.square(images - found), axis=(1, 2, 3))
        # Without the square root the highest qualities would dominate the loss.
        balance = ops.sqrt(weight / self.config.lowest_weight)
        return {
            "loss": (bits_per_pixel + weight * error) / balance,
            "bits_per_pixel": bits_per_pixel,
            "psnr_db": psnr_db(images, found / PEAK),
        }

    def _gains(self, name: str) -> LevelTable:
        table = LevelTable(self.config.levels, self.config.channels, name=name)
        table.build()
        table.built = True
        return table


def build_rate_autoencoder(config: RateAutoencoderConfig, *, name: str) -> RateAutoencoder:
    """Compiled model with random weights; `initialise` sets the initial ones.

    Args:
        config: Shape and training.
        name: Name of the model.
    """
    model = RateAutoencoder(config, name=name)
    # XLA makes these convolutions slower on CPUs; JAX has no other compiler.
    compiled = keras.backend.backend() == "jax"
    optimiser = AveragedMuon(
        config.learning_rate, lr_scale=config.vector_lr_scale, ema_decay=config.ema_decay
    )
    model.compile(optimiser, jit_compile=compiled)
    return model
