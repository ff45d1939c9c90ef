"""Configuration of the learned codec, and the sizes of its parts that follow from it."""

import dataclasses
from dataclasses import dataclass

from core.entropy.lattice import GROUP
from core.models.base import ModelConfig
from core.models.bottleneck.entropy_networks import EntropyShape
from core.models.bottleneck.karhunen_loeve import BLOCK
from core.models.bottleneck.transforms import TransformShape


@dataclass(frozen=True)
class BottleneckConfig(ModelConfig):
    """Shape of the network and how it is trained.

    Attributes:
        channels: Channels of the latent, out of the 768 of a block.
        width: Channels of the transforms at an eighth of the image's size.
        deep_width: Channels of the transforms at a sixteenth.
        analysis_blocks: Residual blocks of the analysis at an eighth and at a sixteenth.
        synthesis_blocks: Likewise of the synthesis.
        entropy_width: Channels inside the entropy networks.
        side_channels: Channels of the side information, at a 32nd of the image's size.
        levels: Quality levels with gains and biases of their own.
        lowest_weight: Bits per pixel that a unit of squared error is worth at quality 1.
        highest_weight: The same at quality 100.
        ssim_share: Part of the distortion that is 1 - SSIM instead of squared error. It buys SSIM
            with PSNR; chosen without a long comparison.
        vector_lr_scale: Learning rate of gains and biases, as a part of that of the kernels.
        basis_lr_scale: Learning rate of the block transform's bases, as a part of that of gains and
            biases.
        ema_decay: Part of the weights' running mean that stays at each step; the mean is what
            is validated and published.
        max_shift: Pixels by which training images are moved at random; 0 for none, nor mirrored.
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
    vector_lr_scale: float = 0.4
    basis_lr_scale: float = 0.1
    ema_decay: float = 0.998
    max_shift: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("analysis_blocks", "synthesis_blocks"):
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
        if not 0 <= self.ssim_share < 1:
            raise ValueError(f"ssim_share must lie in 0..1; received {self.ssim_share}.")
        if self.lr_drops:
            raise ValueError("The learning rate of this model falls by a plan of its own.")
        if self.levels < 2:
            raise ValueError(f"levels must be at least 2; received {self.levels}.")

    def plan_fields(self) -> frozenset[str]:
        """As in every model, and what else is of the training alone."""
        return super().plan_fields() | {"ssim_share", "vector_lr_scale", "ema_decay", "max_shift"}


#: As large as decoding on a CPU allows; for a training on an accelerator. A learning rate half as
#: high again makes it diverge.
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
    # The published weights were trained with (6, 3), less what had come to rest.
    analysis_blocks=(3, 0),
    synthesis_blocks=(6, 2),
    entropy_width=160,
    vector_lr_scale=0.5,
    ssim_share=0.1,
    ema_decay=0.9995,
)

#: Trains at a useful rate on two CPU cores.
COMPACT = BottleneckConfig(
    learning_rate=4e-3,
    batch=16,
    epochs=51,
    patience=51,
    epoch_images=8192,
    validation_images=96,
    entropy_width=160,
    vector_lr_scale=0.5,
)

#: A further stage on two CPU cores, of hours. Short ones with a low learning rate brought nothing:
#: batches as small as these undo at first what the accelerator's last epoch had settled.
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


def transform_shape(config: BottleneckConfig) -> TransformShape:
    """Sizes of analysis and synthesis."""
    return TransformShape(
        channels=config.channels,
        width=config.width,
        deep_width=config.deep_width,
        analysis_blocks=config.analysis_blocks,
        synthesis_blocks=config.synthesis_blocks,
        levels=config.levels,
        basis_lr_scale=config.basis_lr_scale,
        precision=config.precision,
    )


def entropy_shape(config: BottleneckConfig) -> EntropyShape:
    """Sizes of the entropy networks."""
    return EntropyShape(
        channels=config.channels,
        width=config.entropy_width,
        side_channels=config.side_channels,
        levels=config.levels,
    )


#: Further sizes and plans, by name.
PRESETS = {"compact": COMPACT, "finetune": FINETUNE}
