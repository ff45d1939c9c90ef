"""The learned codec's network: one variable-rate model, trained on a rate-distortion loss.

It is initialised as a block-transform codec with the Karhunen-Loeve basis of the training images
and with quantiser steps that are optimal at high rates; training then changes all of it. Its
building blocks are those of Minnen & Singh, "Channel-wise autoregressive entropy models for
learned image compression", ICIP 2020, https://arxiv.org/abs/2007.08739 (hyperprior, channel
groups, noise for the rate and straight-through rounding for the reconstruction) and of Cui et al.,
"Asymmetric gained deep image compression with continuous rate adaptation", CVPR 2021,
https://arxiv.org/abs/2003.02012 (gains per quality level, interpolated in the logarithm). Here
the context is spatial and channel-wise at once, values of large scale are quantised together in a
lattice (`core.models.bottleneck.lattice`), and the entropy networks can be converted to integers.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from core.codecs.onnx_network import OnnxNetwork
from core.entropy.bitstream import MIN_HEADER_BYTES
from core.models.augmentation import mirrored_and_moved
from core.models.base import PEAK, rounded_to_bytes
from core.models.bottleneck.config import (
    CONFIG,
    BottleneckConfig,
    entropy_shape,
    thesis_layout,
    transform_shape,
)
from core.models.bottleneck.distortion import distortion
from core.models.bottleneck.entropy_model import Coded, EntropyModel
from core.models.bottleneck.publication import Transforms, card_facts, companions
from core.models.bottleneck.refinement import refinement_file
from core.models.bottleneck.revival import revive
from core.models.bottleneck.stages import FROZEN
from core.models.bottleneck.thesis_transforms import ThesisTransforms
from core.models.bottleneck.transforms import ResidualTransforms
from core.models.quality_levels import level_weights, rate_distortion_weight
from core.models.tensor import Tensor
from core.models.training.activity import ActivityProbe
from core.models.training.averaged_muon import AveragedMuon
from core.models.variable_rate import VariableRateModel, network_quality
from core.training_records.model_layers import Layer
from core.training_records.previews import PREVIEW_QUALITY

LABEL = "BNK"

#: Qualities in 1..100 that are validated and recorded in a training's history.
VALIDATED_QUALITIES = (1, 15, 30, 45, 60, 75, 90, 100)

#: Number of training images on which a unit must never fire to count as dead.
_REVIVAL_IMAGES = 64


class _Decoded(NamedTuple):
    """Coded latents and the images reconstructed from them, in 0..255, not rounded."""

    coded: Coded
    images: Tensor


class Bottleneck(VariableRateModel):
    """Analysis, entropy model and synthesis, trained together at random qualities.

    Args:
        config: Architecture and training hyperparameters.
    """

    stored_as = "float16"
    # Encoder and decoder scale the latent by different gains between analysis and synthesis.
    has_float_latent = False

    def __init__(self, config: BottleneckConfig, **options: Any) -> None:
        super().__init__(**options)
        self.config = config
        self.transforms = _transforms(config)
        self.analysis = self.transforms.analysis
        self.synthesis = self.transforms.synthesis
        self.entropy = EntropyModel(
            entropy_shape(config), seed=config.seed, dtype="float32", name="entropy"
        )
        for name in FROZEN[config.stage].parts:
            for layer in self.parts[name]:
                layer.trainable = False
        self.chance = keras.random.SeedGenerator(config.seed, name="chance")
        names = ["bits_per_pixel", "side_bits_per_pixel", "ssim"]
        names += ["ssimulacra2", "ssimulacra2_aligned"] if config.visual_share else []
        names += [
            f"{name}_{quality}"
            for quality in VALIDATED_QUALITIES
            for name in ("bits_per_pixel", "psnr_db", "ssim")
        ]
        self.means = {name: keras.metrics.Mean(name=name) for name in names}

    @property
    def parts(self) -> dict[str, tuple[keras.Layer, ...]]:
        """Layers of each part that a stage of the training may leave as it is."""
        return {
            "analysis": (self.analysis,),
            "synthesis": (self.synthesis,),
            **self.entropy.parts,
        }

    def networks(self) -> dict[str, keras.Model]:
        """The two transforms; the entropy networks are exported as integers (`companions`)."""
        return {"analysis": self.analysis, "synthesis": self.synthesis}

    def scaled_weights(self) -> dict[str, float]:
        """Factors by which the transforms scale weights."""
        return self.transforms.scaled_weights()

    @property
    def frozen_files(self) -> frozenset[str]:
        """The files that depend on no part that this stage trains."""
        return FROZEN[self.config.stage].files

    def companions(
        self, networks: Mapping[str, OnnxNetwork], images: NDArray[np.uint8]
    ) -> dict[str, bytes]:
        """The entropy model's files: the integer networks, and the encoder's hyper-analysis."""
        return companions(self.entropy, synthesis_digest=networks["synthesis"].digest)

    def derived_files(self) -> dict[str, bytes]:
        """The network with which the encoder refines latents, where there is one.

        It lowers the squared error, which is not what a model for the eye is trained for.
        """
        if self.config.visual_share or not isinstance(self.transforms, ResidualTransforms):
            return {}
        return refinement_file(self.transforms.synthesis, self.transforms.shape)

    def layer_table(self, latent: tuple[int, int, int], *, stride: int) -> tuple[Layer, ...]:
        """Analysis and synthesis transform."""
        return self.transforms.layer_table(latent, stride=stride)

    def card_facts(self, files: Mapping[str, bytes], images: NDArray[np.uint8]) -> dict[str, Any]:
        """Receptive fields of the transforms, and the rate overhead of integer arithmetic."""
        return card_facts(self.transforms, self.entropy, files, images)

    def initialise(self, images: NDArray[np.uint8]) -> None:
        """Initialises the model as a block-transform codec with the basis of these images."""
        deviations = self.transforms.initialise(images)
        steps = np.sqrt(12.0 * 1.5 / math.log(2.0) / self._level_distortion_weights())
        self.entropy.assign_gains(np.log(deviations / steps[:, np.newaxis]))

    def begin_stage(self, images: NDArray[np.uint8]) -> None:
        """In an encoder stage, reinitialises dead units of the analysis.

        Units that leak are left as they are: they contribute to the output, and have a gradient.
        """
        if self.config.stage == "encoder" and not self.config.analysis_slope:
            some = np.asarray(images[:: -(-len(images) // _REVIVAL_IMAGES)])
            rates = ActivityProbe(self).firing_rates(some)
            own = {layer.name for layer in self.analysis.layers}
            chosen = {name: found for name, found in rates.items() if name in own}
            revive(self.analysis, chosen, seed=self.config.seed)

    def network_inputs(self, images: NDArray[np.uint8]) -> dict[str, Tensor]:
        """The images, and their decoded latents at quality `PREVIEW_QUALITY`."""
        quality = np.full(len(images), network_quality(PREVIEW_QUALITY), dtype=np.float32)
        latents = self.analysis.predict_on_batch(images)[..., : self.config.channels]
        coded = self.entropy(latents, level_weights(quality, self.config.levels))
        return {"analysis": images, "synthesis": _planes(coded.latents, quality)}

    def call(self, images: Tensor, training: bool = False) -> dict[str, Tensor]:
        """Loss and metrics of each image: at a random quality in training, else as validated.

        Returns:
            `loss`, `bits_per_pixel`, `side_bits_per_pixel`, `psnr_db`, `ssim` and, where
            SSIMULACRA2 has a share of the loss, its two scores, of shape (batch,); outside
            training their means over the validated qualities, and the values at each quality.
        """
        images = ops.cast(images, "float32")
        if training:
            return self._train_figures(images)
        return self._validation_figures(images)

    def reconstructions(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Reconstructions of images coded at quality `PREVIEW_QUALITY`."""
        quality = np.full(len(images), network_quality(PREVIEW_QUALITY), dtype=np.float32)
        latents = self._latents(ops.cast(images, "float32"), training=False)
        found = self._decoded(latents, quality, training=False)
        return rounded_to_bytes(ops.convert_to_numpy(found.images) / PEAK)

    def _train_figures(self, images: Tensor) -> dict[str, Tensor]:
        if self.config.max_shift:
            images = mirrored_and_moved(images, max_shift=self.config.max_shift, seed=self.chance)
        quality = keras.random.uniform((ops.shape(images)[0],), seed=self.chance)
        latents = self._latents(images, training=True)
        return self._figures(images, latents, quality, training=True)

    def _validation_figures(self, images: Tensor) -> dict[str, Tensor]:
        """Means over the qualities, and the values at each quality."""
        places = np.array(
            [network_quality(quality) for quality in VALIDATED_QUALITIES], dtype=np.float32
        )
        count = ops.shape(images)[0]
        latents = self._latents(images, training=False)
        # All qualities at once, as one batch: one graph to compile instead of eight.
        images, latents = (ops.repeat(x, len(places), axis=0) for x in (images, latents))
        quality = ops.tile(ops.convert_to_tensor(places), (count,))
        found = self._figures(images, latents, quality, training=False)
        tables = {name: ops.reshape(x, (count, len(places))) for name, x in found.items()}
        means = {name: ops.mean(table, axis=1) for name, table in tables.items()}
        for index, label in enumerate(VALIDATED_QUALITIES):
            for name in ("bits_per_pixel", "psnr_db", "ssim"):
                means[f"{name}_{label}"] = tables[name][:, index]
        return means

    def _latents(self, images: Tensor, *, training: bool) -> Tensor:
        return self.analysis(images, training=training)[..., : self.config.channels]

    def _decoded(self, latents: Tensor, quality: Tensor, *, training: bool) -> _Decoded:
        coded = self.entropy(latents, level_weights(quality, self.config.levels), training=training)
        planes = _planes(coded.latents, quality)
        return _Decoded(coded, PEAK * self.synthesis(planes, training=training))

    def _figures(
        self, images: Tensor, latents: Tensor, quality: Tensor, *, training: bool
    ) -> dict[str, Tensor]:
        coded, found = self._decoded(latents, quality, training=training)
        _, height, width, _ = ops.shape(images)
        pixels = ops.cast(height * width, "float32")
        bits_per_pixel = (coded.bits + 8.0 * MIN_HEADER_BYTES) / pixels
        weight = rate_distortion_weight(
            quality, self.config.lowest_weight, self.config.highest_weight
        )
        lost = distortion(images, found, self.config, training=training)
        # Without the square root the highest qualities would dominate the loss.
        balance = ops.sqrt(weight / self.config.lowest_weight)
        return {
            "loss": (bits_per_pixel + weight * lost.loss) / balance,
            "bits_per_pixel": bits_per_pixel,
            "side_bits_per_pixel": coded.side_bits / pixels,
            **lost.metrics,
        }

    def _level_distortion_weights(self) -> NDArray[np.float64]:
        return np.geomspace(
            self.config.lowest_weight, self.config.highest_weight, self.config.levels
        )


def _transforms(config: BottleneckConfig) -> Transforms:
    if config.thesis_filters:
        return ThesisTransforms(thesis_layout(config))
    return ResidualTransforms(transform_shape(config))


def _planes(latents: Tensor, quality: Tensor) -> Tensor:
    """Latents with the quality as their last plane, as the synthesis expects them."""
    plane = ops.zeros_like(latents[..., :1]) + ops.reshape(quality, (-1, 1, 1, 1))
    return ops.concatenate([latents, plane], axis=-1)


def build(config: BottleneckConfig = CONFIG) -> Bottleneck:
    """Compiled model with random weights; `initialise` sets the initial ones."""
    model = Bottleneck(config, name="bottleneck")
    # XLA makes these convolutions slower on CPUs; JAX has no other compiler.
    compiled = keras.backend.backend() == "jax"
    optimiser = AveragedMuon(
        config.learning_rate, lr_scale=config.vector_lr_scale, ema_decay=config.ema_decay
    )
    model.compile(optimiser, jit_compile=compiled)
    return model
