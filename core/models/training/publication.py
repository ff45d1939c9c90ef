"""Publishes a trained model as an artifact: networks, weights and model card."""

import json
import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from core.codecs.onnx_network import OnnxNetwork
from core.codecs.trained_model import model_key
from core.dataset.splits import DEFAULT
from core.metrics import metrics
from core.models.base import PEAK, ImageModel, Model
from core.models.training.begun import seen_photographs
from core.models.training.checkpoints import (
    Arrays,
    load_weights,
    to_npz,
    weight_arrays,
)
from core.models.training.complexity import measure_work
from core.models.training.divergence import undone_epochs
from core.models.training.feed import Images
from core.models.training.loop import Training
from core.models.training.onnx_export import (
    export_networks,
    largest_difference,
    reconstruct,
    to_float16,
)
from core.models.training.progress import STOPPED
from core.models.training.published import SHARED
from core.models.training.shared_weights import deduplicate_weights
from core.store import ArtifactStore
from core.store.provenance import provenance

#: Images on which the exported networks are compared with Keras.
_CHECKED = 64
_REPORTED = ("psnr_db", "ssim")
#: Most levels of 0..255 between a network and its export; those of half precision differ by 0.1.
_MAX_DIFFERENCE = 2.0


@dataclass(frozen=True)
class Publisher:
    """Makes the artifact `models/<name>`.

    Attributes:
        store: Where it is written.
        name: Name of the trained model.
        model: The model.
        training: Its training, whose best weights are published.
        architecture: Name of the model in `core.models`; the trained model's own when empty.
        dataset: Name of the data set that it was trained on.
    """

    store: ArtifactStore
    name: str
    model: Model
    training: Training
    architecture: str = ""
    dataset: str = DEFAULT

    def publish(self) -> dict[str, Any]:
        """Card of the model, which is committed with its networks.

        Raises:
            ValueError: No epoch was finished, so there is nothing to publish.
        """
        if not self.training.best:
            raise ValueError(f"No epoch of {self.name} is finished; train on with --resume.")
        model = self._best_model()
        files = export_networks(model)
        is_halved = model.stored_as == "float16"
        contents = {
            f"{name}.onnx": to_float16(data) if is_halved else data for name, data in files.items()
        }
        frozen = self._frozen(model)
        contents |= {name: data for name, data in frozen.items() if name in contents}
        networks = {name: OnnxNetwork(contents[f"{name}.onnx"]) for name in files}
        contents |= model.companions(networks, self.training.validation) | frozen
        card = self._card(model, files, networks)
        difference = card["export"]["largest_difference_levels"]
        if not difference <= _MAX_DIFFERENCE:
            raise ValueError(
                f"The exported networks of {self.name} differ from the trained ones by up to "
                f"{difference:.3g} levels, so they are not published."
            )
        card |= model.card_facts(contents, self.training.validation)
        layers = model.layer_table(tuple(card["latent"]), stride=card["stride"])
        card["layers"] = [layer._asdict() for layer in layers]
        exported = {file: data for file, data in contents.items() if file.endswith(".onnx")}
        weights = _rounded(weight_arrays(model), model.stored_as)
        own, shared = deduplicate_weights(weights, exported, model.scaled_weights())
        contents["weights.npz"] = to_npz(own)
        contents[SHARED] = _to_json(shared)
        contents |= model.derived_files()
        contents["config.json"] = _to_json(self.training.config.record())
        contents["card.json"] = _to_json(card)
        named = {f"{self.name}/{file}": data for file, data in contents.items()}
        self.store.commit(model_key(self.name), named, facts=self._facts(card))
        return card

    def _facts(self, card: dict[str, Any]) -> dict[str, Any]:
        return {
            "model": self.name,
            "epochs": card["training"]["epochs"],
            "best_epoch": card["training"]["best_epoch"],
            "data": card["data"],
            "validation": self.training.checkpoints.validation,
            "architecture": card["architecture"],
            "run": self.training.progress.run,
            "photographs": sorted(seen_photographs({"progress": asdict(self.training.progress)})),
            "config": self.training.config.identity(),
        }

    def _frozen(self, model: ImageModel) -> dict[str, bytes]:
        """Published files that this training did not change, by name."""
        own = self.store.exists(model_key(self.name))
        usual = self.name if own or not self.architecture else self.architecture
        source = self.training.progress.source or usual
        return {
            file: self.store.read(model_key(source), f"{source}/{file}")
            for file in sorted(model.frozen_files)
        }

    def _best_model(self) -> ImageModel:
        config = replace(self.training.config, precision="float32")
        network = self.model.build(config)
        load_weights(network, _rounded(self.training.best, network.stored_as))
        return network

    def _card(
        self, model: ImageModel, files: dict[str, bytes], networks: dict[str, OnnxNetwork]
    ) -> dict[str, Any]:
        validation = self.training.validation
        chain = list(networks.values())
        return {
            "model": self.name,
            "architecture": self.architecture or self.name,
            "label": self._label(),
            "parameters": sum(math.prod(weight.shape) for weight in model.weights),
            **_work(files, validation[:1]),
            "validation": _quality(chain, validation) if model.has_float_latent else {},
            "export": {
                "largest_difference_levels": largest_difference(
                    model, chain, validation[:_CHECKED]
                ),
                "images": min(_CHECKED, len(validation)),
            },
            "data": self.training.checkpoints.data,
            "dataset": self.dataset,
            "training": self._training_facts(),
            "config": self.training.config.record(),
            "provenance": provenance(),
        }

    def _training_facts(self) -> dict[str, Any]:
        training, progress = self.training, self.training.progress
        return {
            "epochs": progress.epoch,
            "best_epoch": progress.best_epoch,
            "best_validation_loss": progress.best_loss,
            "images_seen": progress.images,
            "seconds": round(progress.seconds, 1),
            "seed": training.config.seed,
            "computed_with": progress.computed_with,
            "lr_drops": progress.lr_drops,
            "first_stop": progress.first_stop,
            "undone_epochs": undone_epochs(progress),
            "plan_start": progress.plan_start,
            "plan_start_seconds": round(progress.plan_start_seconds, 1),
            "engine": progress.engine,
            "earlier_engines": progress.earlier_engines,
            "earlier_data": progress.earlier_data,
            "stage_starts": progress.stage_starts,
            "ended_by": progress.ended_by or STOPPED,
        }

    def _label(self) -> str:
        label = self.model.label
        return label if self.architecture in ("", self.name) else f"{label}, {self.name}"


def _work(files: dict[str, bytes], image: Images) -> dict[str, Any]:
    """Multiply-adds per pixel of each network in turn, and the shape of the latent."""
    pixels = image.shape[1] * image.shape[2]
    values: Any = np.asarray(image)
    shapes, multiply_adds = [], {}
    for name, data in files.items():
        work = measure_work(data, values)
        multiply_adds[name] = round(work.multiply_adds / pixels, 1)
        values = work.output
        shapes.append(list(values.shape[1:]))
    return {
        "latent": shapes[0],
        "stride": image.shape[1] // shapes[0][0],
        "multiply_adds_per_pixel": multiply_adds,
    }


def _quality(networks: list[OnnxNetwork], validation: Images) -> dict[str, float]:
    """Mean PSNR and SSIM over the validation images, latents not quantised."""
    chosen = {name: metric for name, metric in metrics().items() if name in _REPORTED}
    values: dict[str, list[float]] = {name: [] for name in chosen}
    for original in validation:
        levels = np.rint(reconstruct(networks, original[np.newaxis])[0] * PEAK)
        decoded = np.clip(levels, 0, PEAK).astype(np.uint8)
        for name, metric in chosen.items():
            values[name].append(metric.measure(np.asarray(original), decoded))
    means = {name: float(np.mean(found)) for name, found in values.items()}
    return {"images": len(validation), **means}


def _rounded(arrays: Arrays, dtype: str) -> Arrays:
    """Weights in the dtype in which they are stored."""
    return {
        name: array.astype(dtype) if np.issubdtype(array.dtype, np.floating) else array
        for name, array in arrays.items()
    }


def _to_json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()
