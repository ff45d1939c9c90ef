"""Configuration of the autoencoders that are trained for rate and distortion."""

from dataclasses import dataclass
from typing import Literal

from core.codecs.rate_autoencoder import (
    BATCH,
    KERNELS,
    RateArchitecture,
    least_filters,
    most_channels,
)
from core.models.base import ModelConfig


@dataclass(frozen=True)
class RateAutoencoderConfig(ModelConfig):
    """Shape of one autoencoder and how it is trained.

    Attributes:
        filters: Filters of the layers, as in the thesis; their number is the number of halvings.
        channels: Channels of the latent.
        activation: Activation of all layers but the latent and the last.
        kernel: Rows and columns of every kernel; 3 in the thesis.
        levels: Quality levels, each with its own gains; interpolated in between.
        lowest_weight: Rate-distortion weight at quality 1, in bits per pixel per unit of MSE.
        highest_weight: Rate-distortion weight at quality 100.
        vector_lr_scale: Learning rate of gains, densities and biases, relative to that of kernels.
        ema_decay: Decay of the moving average of the weights, which is validated and published.
        max_shift: Largest random shift of training images in pixels; 0 disables shifts and flips.
    """

    filters: tuple[int, ...] = (32, 64)
    channels: int = 48
    activation: Literal["relu", "leaky_relu"] = "leaky_relu"
    kernel: int = 3
    levels: int = 8
    lowest_weight: float = 0.0012
    highest_weight: float = 0.06
    vector_lr_scale: float = 2.0
    ema_decay: float = 0.998
    max_shift: int = 8

    @classmethod
    def of(cls, architecture: RateArchitecture) -> "RateAutoencoderConfig":
        """Layers of the architecture, and a plan for two processor cores."""
        return cls(
            learning_rate=architecture.learning_rate,
            batch=BATCH,
            epochs=96,
            patience=96,
            epoch_images=2048,
            validation_images=96,
            filters=architecture.layers,
            activation=architecture.thesis.activation,
            channels=architecture.channels,
            kernel=architecture.kernel,
        )

    @property
    def block(self) -> int:
        """Pixels per position of the latent, along each side."""
        return 1 << len(self.filters)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "filters", tuple(self.filters))
        if not self.filters or min(self.filters) < 1:
            raise ValueError(f"filters must be positive numbers; received {self.filters}.")
        most = most_channels(len(self.filters))
        if not 1 <= self.channels <= most:
            raise ValueError(
                f"channels must lie in 1..{most}, the values of a "
                f"{self.block}x{self.block} block; received {self.channels}."
            )
        if self.activation not in ("relu", "leaky_relu"):
            raise ValueError(
                f"activation must be relu or leaky_relu; received {self.activation!r}."
            )
        if self.kernel not in KERNELS:
            raise ValueError(f"kernel must be 3 or 5; received {self.kernel}.")
        if self.levels < 2:
            raise ValueError(f"levels must be at least 2; received {self.levels}.")
        if not 0 < self.lowest_weight < self.highest_weight:
            raise ValueError(
                "The rate-distortion weights must be positive and rise with quality; received "
                f"{self.lowest_weight} to {self.highest_weight}."
            )
        if self.lr_drops:
            raise ValueError(
                "This model has its own learning rate schedule, so lr_drops must be 0; "
                f"received {self.lr_drops}."
            )
        self._check_start()

    def _check_start(self) -> None:
        """Refuses layers that are too narrow for the block transform that they start as."""
        for layer, filters in enumerate(self.filters, start=1):
            needed = least_filters(layer, len(self.filters))
            if filters < needed:
                raise ValueError(
                    f"Layer {layer} needs at least {needed} filters; received {filters}."
                )
