"""Training budget of one trial of a search."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """Training budget of one trial of a search.

    Attributes:
        images: Images of the training split, drawn once for the whole study.
        validation_images: Images of the validation split, drawn likewise.
        epochs: Passes over the training images.
        batch: Images per step.
        seed: Seed of the draw, of the initial weights and of the order.
        precision: Numbers to compute in, as `core.models.base.ModelConfig` says.
    """

    images: int = 1024
    validation_images: int = 256
    epochs: int = 3
    batch: int = 32
    seed: int = 0
    precision: str = "float32"

    def __post_init__(self) -> None:
        for name in ("images", "validation_images", "epochs", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; received {getattr(self, name)}.")
