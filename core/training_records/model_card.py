"""The card of a trained model: typed records of its training and export."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from core.store import Artifact, Manifest
from core.store.key import last_part
from core.training_records.model_layers import Layer, layers_of_config, layers_of_records

#: How cards of earlier versions describe a training that reached its epoch limit.
_LEGACY_ENDINGS = {"hand": "stopped by hand", "last epoch": "epoch limit"}


class Quality(NamedTuple):
    """Means over the validation images, latents not quantised.

    Attributes:
        psnr_db: PSNR in dB.
        ssim: SSIM.
        images: Number of images.
    """

    psnr_db: float
    ssim: float
    images: int


class ExportCheck(NamedTuple):
    """Difference between the exported networks and Keras.

    Attributes:
        largest_difference_levels: Largest difference of a value, in levels of a byte.
        images: Number of images compared.
    """

    largest_difference_levels: float
    images: int


@dataclass(frozen=True)
class TrainingSummary:
    """How a model was trained; None where the card has no entry.

    Attributes:
        epochs: Epochs done.
        best_epoch: Epoch whose weights are published.
        images_seen: Images seen in training.
        seconds: Seconds spent in training.
        seed: Seed of weights and order.
        computed_with: Backends, precisions and accelerators of the epochs.
        ended_by: Why it ended: early stopping, an epoch or time limit, divergence, or stopped by
            hand.
        undone_epochs: How often an epoch diverged and was undone.
        lr_drops: How often the learning rate was lowered in place of an end.
        first_stop: Epoch of the first such end; None where that is not known or was not so.
        engine: How the steps were run, as in `core.models.training.engines.EngineRequest`; empty
            where an earlier version published the model.
        earlier_engines: How those before were run, where that was another way.
    """

    epochs: int | None = None
    best_epoch: int | None = None
    images_seen: int | None = None
    seconds: float | None = None
    seed: int | None = None
    computed_with: tuple[str, ...] = ()
    ended_by: str | None = None
    undone_epochs: int = 0
    lr_drops: int = 0
    first_stop: int | None = None
    engine: Mapping[str, Any] = field(default_factory=dict)
    earlier_engines: tuple[Mapping[str, Any], ...] = ()

    @property
    def saw_photographs(self) -> bool:
        """Whether it was trained on crops of photographs, too."""
        return any(one.get("photographs") for one in (self.engine, *self.earlier_engines))


@dataclass(frozen=True)
class ModelCard:
    """One trained model; unknown fields are None or empty.

    Attributes:
        name: Its key without the kind, such as `ae80`.
        manifest: Manifest of its files.
        architecture: Name of the module that built it; differs from `name` if the user chose a
            name.
        label: Name on the screen.
        parameters: Number of trained values.
        latent: Rows, columns and channels of the latent of a 160x160 image.
        stride: Pixels of the image per position of the latent, along each side.
        multiply_adds_per_pixel: Multiply-adds per pixel of the image, by network.
        validation: Quality without quantisation; None for a model without a float latent.
        export: Difference between the exported networks and Keras.
        data_digest: sha256 of the training images.
        dataset: Name of their data set; None for a card of an earlier version.
        training: How it was trained.
        config: Configuration of the training.
        channel_bits: Mean bits per symbol of each channel on validation images, by quality.
        layers: Output shape of each layer, from image to image.
    """

    name: str
    manifest: Manifest
    architecture: str = ""
    label: str = ""
    parameters: int | None = None
    latent: tuple[int, int, int] | None = None
    stride: int | None = None
    multiply_adds_per_pixel: Mapping[str, float] = field(default_factory=dict)
    validation: Quality | None = None
    export: ExportCheck | None = None
    data_digest: str | None = None
    dataset: str | None = None
    training: TrainingSummary = field(default_factory=TrainingSummary)
    config: Mapping[str, Any] = field(default_factory=dict)
    channel_bits: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()

    @classmethod
    def of(cls, manifest: Manifest, content: Mapping[str, Any]) -> "ModelCard":
        """Card of a model artifact.

        Args:
            manifest: Manifest of the artifact `models/<name>`.
            content: Its `card.json`.

        Raises:
            ValueError, TypeError, KeyError: The content does not have the expected form.
        """
        name = last_part(manifest.key)
        config = _mapping(content.get("config"))
        for_rate = _is_trained_for_rate(config)
        latent, stride = content.get("latent"), _optional(int, content.get("stride"))
        shape = _shape(latent) if latent else None
        return cls(
            name=name,
            manifest=manifest,
            architecture=str(content.get("architecture", name)),
            label=str(content.get("label", name)),
            parameters=_optional(int, content.get("parameters")),
            latent=shape,
            stride=stride,
            multiply_adds_per_pixel={
                network: float(count)
                for network, count in _mapping(content.get("multiply_adds_per_pixel")).items()
            },
            # Earlier versions measured this for networks that were trained for rate, too.
            validation=None if for_rate else _quality(_mapping(content.get("validation"))),
            export=_export(_mapping(content.get("export"))),
            data_digest=_digest(content.get("data")),
            dataset=_optional(str, content.get("dataset")),
            training=_training(_mapping(content.get("training")), config),
            config=config,
            channel_bits={
                int(quality): tuple(map(float, bits))
                for quality, bits in _mapping(content.get("channel_bits")).items()
            },
            layers=_layers(content, shape, stride, config),
        )

    @property
    def is_trained_for_rate(self) -> bool:
        """Whether the loss weighed the error against bits."""
        return _is_trained_for_rate(self.config)

    @property
    def values_per_pixel(self) -> float | None:
        """Values in the latent per pixel of the image; the image itself has three."""
        return self.latent[-1] / self.stride**2 if self.latent and self.stride else None

    @property
    def bytes_on_disk(self) -> int:
        """Total size of its files in bytes."""
        return sum(entry.bytes for entry in self.manifest.files.values())


def read_card(artifact: Artifact) -> ModelCard:
    """Card of a published model.

    Args:
        artifact: The model, `models/<name>`.

    Raises:
        ArtifactError: The card is missing or damaged.
    """
    return artifact.parsed(
        f"{last_part(artifact.key)}/card.json",
        lambda data: ModelCard.of(artifact.manifest, json.loads(data)),
        reason="is not a model card",
    )


def _is_trained_for_rate(config: Mapping[str, Any]) -> bool:
    return "lowest_weight" in config


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"Expected an object; received {type(value).__name__}.")
    return value


def _optional(kind: type[Any], value: Any) -> Any:
    return None if value is None else kind(value)


def _shape(latent: Any) -> tuple[int, int, int]:
    rows, columns, channels = map(int, latent)
    return rows, columns, channels


def _quality(found: Mapping[str, Any]) -> Quality | None:
    if not {"psnr_db", "ssim"} <= set(found):
        return None
    return Quality(float(found["psnr_db"]), float(found["ssim"]), int(found.get("images", 0)))


def _export(found: Mapping[str, Any]) -> ExportCheck | None:
    if "largest_difference_levels" not in found:
        return None
    return ExportCheck(float(found["largest_difference_levels"]), int(found.get("images", 0)))


def _digest(data: Any) -> str | None:
    found = data.get("sha256") if isinstance(data, Mapping) else data
    return str(found) if found else None


def _training(found: Mapping[str, Any], config: Mapping[str, Any]) -> TrainingSummary:
    return TrainingSummary(
        epochs=_optional(int, found.get("epochs")),
        best_epoch=_optional(int, found.get("best_epoch")),
        images_seen=_optional(int, found.get("images_seen")),
        seconds=_optional(float, found.get("seconds")),
        seed=_optional(int, found.get("seed")),
        computed_with=tuple(map(str, found.get("computed_with", ()))),
        ended_by=_ended_by(found, config),
        undone_epochs=int(found.get("undone_epochs", 0)),
        # Cards of earlier versions call them `drops`.
        lr_drops=int(found.get("lr_drops", found.get("drops")) or 0),
        first_stop=int(found.get("first_stop") or 0) or None,
        engine=_mapping(found.get("engine")),
        earlier_engines=tuple(map(_mapping, found.get("earlier_engines", ()))),
    )


def _ended_by(found: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    ended_by = found.get("ended_by")
    # Earlier versions compared with the model's default epoch limit, not with the requested one.
    if ended_by == "hand" and found.get("epochs") and found["epochs"] == config.get("epochs"):
        return "epoch limit"
    return _LEGACY_ENDINGS.get(ended_by, str(ended_by)) if ended_by else None


def _layers(
    content: Mapping[str, Any],
    latent: tuple[int, int, int] | None,
    stride: int | None,
    config: Mapping[str, Any],
) -> tuple[Layer, ...]:
    """Layers in the card; for a card of an earlier version, derived from its configuration."""
    if "layers" in content:
        return layers_of_records(content["layers"])
    return layers_of_config(latent, stride, config) if latent and stride else ()
