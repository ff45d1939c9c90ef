"""Configuration of the learned codec, and the layer sizes that follow from it."""

import dataclasses
from dataclasses import dataclass
from typing import get_args

from core.entropy.lattice import GROUP
from core.models.base import ModelConfig
from core.models.bottleneck.entropy_networks import EntropyShape
from core.models.bottleneck.karhunen_loeve import BLOCK
from core.models.bottleneck.stages import Stage
from core.models.bottleneck.transforms import TransformShape
from core.models.rate_autoencoder.config import RateAutoencoderConfig


@dataclass(frozen=True)
class BottleneckConfig(ModelConfig):
    """Network architecture and training hyperparameters.

    Attributes:
        channels: Channels of the latent, at most the 768 values of a 16x16 RGB block.
        width: Channels of the transforms at an eighth of the image's size.
        deep_width: Channels of the transforms at a sixteenth.
        analysis_blocks: Residual blocks of the analysis at an eighth and at a sixteenth.
        synthesis_blocks: Likewise of the synthesis.
        entropy_width: Channels inside the entropy networks.
        side_channels: Channels of the side information, at a 32nd of the image's size.
        levels: Quality levels, each with its own gains and biases.
        lowest_weight: Rate-distortion weight at quality 1, in bits per pixel per unit of MSE.
        highest_weight: Rate-distortion weight at quality 100.
        ssim_share: Weight of 1 - SSIM in the distortion. Raises SSIM at the cost of PSNR; the
            value was not tuned systematically.
        visual_share: Weight of the loss of SSIMULACRA2 in the distortion, likewise. What neither
            share takes is MSE, which has a gradient outside of 0..255 too and keeps the training
            stable.
        aligned_share: Part of the loss of SSIMULACRA2 in which every weight is at its own scale,
            on images that are too small to have all scales. Without it SSIMULACRA2 rises on small
            images alone: see `core.models.bottleneck.visual_similarity`.
        vector_lr_scale: Learning rate of gains and biases, relative to that of the kernels.
        basis_lr_scale: Learning rate of the block transform's bases, relative to that of gains and
            biases.
        ema_decay: Decay of the exponential moving average of the weights, per step; the averaged
            weights are validated and published.
        max_shift: Largest random shift of training images in pixels; 0 disables shifts and flips.
        stage: Which weights are trained.
        analysis_slope: Negative slope of the analysis' leaky ReLUs. With 0 most of their units die
            within a thousand steps: they no longer fire and get no gradient.
        synthesis_slope: Negative slope of the synthesis' leaky ReLUs.
        centred_kernels: Whether the 3x3 kernels inside the residual blocks are constrained to a
            mean of zero per output. Their inputs are never negative, so a negative mean would
            silence a unit.
        thesis_filters: Filters of a topology of the thesis whose layers are the transforms, with
            strides as in `core.models.rate_autoencoder`; the transforms are this model's own where
            it is empty.
        context: Whether values are predicted from those that are decoded before them, or from the
            side information alone.
        lattice: Whether values of large scale are quantised together, or each by itself.
    """

    channels: int = 320
    width: int = 128
    deep_width: int = 192
    analysis_blocks: tuple[int, int] = (4, 1)
    synthesis_blocks: tuple[int, int] = (6, 1)
    entropy_width: int = 128
    side_channels: int = 32
    levels: int = 8
    lowest_weight: float = 0.0009
    highest_weight: float = 0.144
    ssim_share: float = 0.2
    visual_share: float = 0.0
    aligned_share: float = 0.0
    vector_lr_scale: float = 0.4
    basis_lr_scale: float = 0.1
    ema_decay: float = 0.998
    max_shift: int = 8
    stage: Stage = "all"
    analysis_slope: float = 0.0
    synthesis_slope: float = 0.0
    centred_kernels: bool = False
    thesis_filters: tuple[int, ...] = ()
    context: bool = True
    lattice: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("analysis_blocks", "synthesis_blocks", "thesis_filters"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.channels % GROUP or not GROUP <= self.channels <= 3 * BLOCK**2:
            raise ValueError(
                f"channels must be a multiple of {GROUP} in {GROUP}..{3 * BLOCK**2}; "
                f"received {self.channels}."
            )
        if not 0 < self.lowest_weight < self.highest_weight:
            raise ValueError(
                "The rate-distortion weights must be positive and rise with quality; received "
                f"{self.lowest_weight} to {self.highest_weight}."
            )
        for name in ("ssim_share", "visual_share"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must lie in 0..1; received {getattr(self, name)}.")
        if not 0 <= self.aligned_share <= 1:
            raise ValueError(f"aligned_share must lie in 0..1; received {self.aligned_share}.")
        if not self.error_share > 0:
            raise ValueError(
                "ssim_share and visual_share must leave a share to the squared error; received "
                f"{self.ssim_share} and {self.visual_share}."
            )
        if self.lr_drops:
            raise ValueError(
                "This model has its own learning rate schedule, so lr_drops must be 0; "
                f"received {self.lr_drops}."
            )
        if self.stage not in get_args(Stage):
            expected = ", ".join(get_args(Stage))
            raise ValueError(f"stage must be one of {expected}; received {self.stage!r}.")
        for name in ("analysis_slope", "synthesis_slope"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must lie in 0..1; received {getattr(self, name)}.")
        if self.levels < 2:
            raise ValueError(f"levels must be at least 2; received {self.levels}.")
        if self.thesis_filters:
            thesis_layout(self)  # refuses what is no topology of the thesis

    @property
    def error_share(self) -> float:
        """Weight of MSE in the distortion."""
        return 1.0 - self.ssim_share - self.visual_share

    def plan_fields(self) -> frozenset[str]:
        """The base class' training-only fields, and those that only this model has."""
        shares = {"ssim_share", "visual_share", "aligned_share"}
        own = {"vector_lr_scale", "ema_decay", "max_shift", "stage"}
        return super().plan_fields() | shares | own


#: The largest model that still decodes fast enough on a CPU; trained on an accelerator. A learning
#: rate 1.5 times as high diverges.
CONFIG = BottleneckConfig(
    learning_rate=4e-3,
    batch=128,
    epochs=4,
    patience=4,
    epoch_images=131072,
    validation_images=256,
    channels=384,
    width=192,
    deep_width=256,
    # The published weights were trained with (6, 3); blocks that had become inactive were removed.
    analysis_blocks=(3, 0),
    synthesis_blocks=(6, 2),
    entropy_width=160,
    vector_lr_scale=0.5,
    ssim_share=0.1,
    ema_decay=0.9995,
    analysis_slope=0.1,
    synthesis_slope=0.1,
    centred_kernels=True,
)

#: Small enough to train on two CPU cores.
COMPACT = BottleneckConfig(
    learning_rate=4e-3,
    batch=16,
    epochs=51,
    patience=51,
    epoch_images=8192,
    validation_images=96,
    entropy_width=160,
    vector_lr_scale=0.5,
    analysis_slope=0.1,
    synthesis_slope=0.1,
    centred_kernels=True,
)

#: Fine-tunes a published model, whose network it takes, on two CPU cores in some hours. Shorter
#: runs with a lower learning rate brought no gain: with batches this small the loss first rises
#: again from where the accelerator's last epoch had brought it.
FINETUNE = dataclasses.replace(
    CONFIG,
    learning_rate=1e-3,
    batch=32,
    epochs=21,
    patience=21,
    epoch_images=16384,
    ssim_share=0.02,
    ema_decay=0.999,
)

#: Trains the analysis and the hyper-analysis alone, against the published decoder. Dead units get
#: new weights; leaky ReLUs in their place would raise the initial loss by a third.
ENCODER = dataclasses.replace(
    FINETUNE,
    stage="encoder",
    learning_rate=5e-4,
    batch=16,
    epochs=64,
    patience=64,
    epoch_images=2048,
    validation_images=96,
)

#: Trains the entropy model alone, on the latents of the published analysis.
ENTROPY = dataclasses.replace(ENCODER, stage="entropy")

#: SSIMULACRA2's share of the distortion in the plans below; not tuned.
_VISUAL_SHARE = 0.75

#: Most of it for large images; the rest, because small images are measured by the published score.
_ALIGNED_SHARE = 0.75

#: Trains the published model on for SSIMULACRA2, on two CPU cores in an hour or two; likewise a
#: model of the compact preset.
VISUAL = dataclasses.replace(
    FINETUNE,
    batch=16,
    epochs=8,
    patience=8,
    epoch_images=8192,
    validation_images=96,
    ssim_share=0.0,
    visual_share=_VISUAL_SHARE,
    aligned_share=_ALIGNED_SHARE,
)
COMPACT_VISUAL = dataclasses.replace(
    COMPACT, ssim_share=0.0, visual_share=_VISUAL_SHARE, aligned_share=_ALIGNED_SHARE
)


def transform_shape(config: BottleneckConfig) -> TransformShape:
    """Layer sizes of analysis and synthesis."""
    return TransformShape(
        channels=config.channels,
        width=config.width,
        deep_width=config.deep_width,
        analysis_blocks=config.analysis_blocks,
        synthesis_blocks=config.synthesis_blocks,
        levels=config.levels,
        basis_lr_scale=config.basis_lr_scale,
        analysis_slope=config.analysis_slope,
        synthesis_slope=config.synthesis_slope,
        centred_kernels=config.centred_kernels,
        precision=config.precision,
    )


def thesis_layout(config: BottleneckConfig) -> RateAutoencoderConfig:
    """Layers of the topology of the thesis that the transforms have."""
    positions = (BLOCK >> len(config.thesis_filters)) ** 2
    return RateAutoencoderConfig(
        learning_rate=config.learning_rate,
        precision=config.precision,
        filters=config.thesis_filters,
        channels=config.channels // max(1, positions),
    )


def entropy_shape(config: BottleneckConfig) -> EntropyShape:
    """Layer sizes of the entropy networks."""
    return EntropyShape(
        channels=config.channels,
        width=config.entropy_width,
        side_channels=config.side_channels,
        levels=config.levels,
        context=config.context,
        lattice=config.lattice,
    )


#: Further configurations, by name.
PRESETS = {
    "compact": COMPACT,
    "compact_visual": COMPACT_VISUAL,
    "finetune": FINETUNE,
    "visual": VISUAL,
    "encoder": ENCODER,
    "entropy": ENTROPY,
}
