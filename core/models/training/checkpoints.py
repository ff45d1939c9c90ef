"""Checkpoints: the complete state from which a training resumes exactly."""

import io
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.models.base import ImageModel, ModelConfig
from core.models.training.progress import Progress
from core.store import ArtifactError, ArtifactStore

Arrays = dict[str, NDArray[Any]]

#: Checkpoints to keep: if the newest is damaged, the previous one is used.
KEPT = 2

#: In the name of a checkpoint that was written within an epoch.
_STEP = "-step-"


class ForeignCheckpoint(ValueError):
    """A checkpoint of another configuration or of other images."""


class OtherImages(ForeignCheckpoint):
    """A checkpoint that differs by nothing but the images that it was made with."""


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one model in a store.

    Attributes:
        store: Where they are.
        model: Name of the model.
        config: Configuration that a checkpoint must have been made with.
        data: Digest of the training images that it must have been made with.
        validation: Likewise of the validation images; not compared when empty.
        dataset: Name of the data set that has them.
    """

    store: ArtifactStore
    model: str
    config: ModelConfig
    data: str
    validation: str = ""
    dataset: str = ""

    def keys(self) -> list[str]:
        """Keys of the checkpoints, oldest first."""
        return self.store.keys(f"checkpoints/{self.model}/")

    def whole_epochs(self) -> list[str]:
        """Keys of those that were written at the end of an epoch, oldest first."""
        return [key for key in self.keys() if _STEP not in key.rpartition("/")[2]]

    def save(self, network: ImageModel, best: Arrays, progress: Progress) -> str:
        """Writes a checkpoint, removes all but the last two, and returns its key.

        The newest that was written at the end of an epoch is kept, too, and none that is later.
        """
        name = f"epoch-{progress.epoch:04d}"
        if progress.step:
            name += f"{_STEP}{progress.step:06d}"
        key = f"checkpoints/{self.model}/{name}"
        arrays = {f"state/{path}": value for path, value in state_arrays(network).items()}
        arrays |= {f"best/{path}": value for path, value in best.items()}
        self.store.commit(key, {f"{name}.npz": to_npz(arrays)}, facts=self.facts(progress))
        earlier = [found for found in self.keys() if found <= key]
        whole = [found for found in self.whole_epochs() if found <= key]
        for other in {*self.keys()} - {*earlier[-KEPT:], *whole[-1:]}:
            self.store.delete(other)
        self._clear_leftovers()
        return key

    def facts(self, progress: Progress) -> dict[str, Any]:
        """Facts of what is kept of this training: what it is, and how far."""
        return {
            "model": self.model,
            "config": self.config.record(),
            "data": self.data,
            "validation": self.validation,
            "dataset": self.dataset,
            "progress": asdict(progress),
        }

    def restore(self, network: ImageModel, warn: Callable[[str], None]) -> tuple[Progress, Arrays]:
        """Progress and best weights of the newest intact checkpoint.

        Restores the state of the network and of its optimiser.

        Args:
            network: Compiled model of the same configuration.
            warn: Called with a message for each damaged checkpoint that is skipped.

        Raises:
            ForeignCheckpoint: It is of another configuration or other images.
            ArtifactError: No checkpoint is intact.
        """
        return self._restore_newest(self.keys(), network, warn)

    def restore_whole_epoch(
        self, network: ImageModel, warn: Callable[[str], None]
    ) -> tuple[Progress, Arrays]:
        """The same of the newest intact one that was written at the end of an epoch.

        Raises:
            ForeignCheckpoint: As in `restore`.
            ArtifactError: No such checkpoint is intact.
        """
        return self._restore_newest(self.whole_epochs(), network, warn)

    def _restore_newest(
        self, keys: list[str], network: ImageModel, warn: Callable[[str], None]
    ) -> tuple[Progress, Arrays]:
        damage: ArtifactError | None = None
        for key in reversed(keys):
            try:
                return self._restore(key, network)
            except ArtifactError as error:
                damage = error
                warn(f"{error}; trying the checkpoint before it.")
        raise damage or ValueError(f"There is no checkpoint of {self.model}.")

    def progress(self) -> Progress:
        """Progress of the newest checkpoint that tells it; that of a new training if none does."""
        with suppress(KeyError, TypeError, AttributeError):
            return Progress.of(newest_facts(self.store, self.model)["progress"])
        return Progress()

    def clear(self) -> None:
        """Removes all checkpoints."""
        for key in self.keys():
            self.store.delete(key)
        self._clear_leftovers()

    def _clear_leftovers(self) -> None:
        """Removes checkpoints whose writing was cut short; a key of a step is not used again."""
        self.store.clear_leftovers(f"checkpoints/{self.model}/")

    def _restore(self, key: str, network: ImageModel) -> tuple[Progress, Arrays]:
        artifact = self.store.open(key)
        try:
            self.check(key, artifact.facts)
            progress = Progress.of(artifact.facts["progress"])
        except (KeyError, TypeError, AttributeError) as error:
            raise artifact.damaged_facts("does not hold the facts of a checkpoint") from error
        name = artifact.file("npz")
        arrays = artifact.parsed(name, from_npz, reason="does not hold arrays")
        try:
            load_state(network, _below(arrays, "state/"))
        except ValueError as error:
            raise artifact.damaged(name, "does not hold the state of this network") from error
        return progress, _below(arrays, "best/")

    def check(
        self,
        key: str,
        facts: Any,
        *,
        free: Collection[str] = (),
        model: str | None = None,
        any_images: bool = False,
    ) -> None:
        """Checks that an artifact was written by a training like this one.

        Args:
            key: Key of the artifact.
            facts: Its facts; `model`, `config`, `data` and `validation` are compared.
            free: Fields of the configuration that may differ.
            model: Expected name of the model; this training's own when None.
            any_images: Whether the images may differ.

        Raises:
            OtherImages: The images alone differ.
            ForeignCheckpoint: Model or configuration differ.
        """
        found = self.config.completed(facts["config"])
        different = [
            f"{name} {found[name]} instead of {value}"
            for name, value in self.config.identity().items()
            if name not in free and found[name] != value
        ]
        if facts["model"] != (model or self.model):
            different.append(f"model {facts['model']}")
        others = [] if any_images else self._other_images(facts)
        if different or others:
            what = ", ".join([*different, *others])
            error = ForeignCheckpoint if different else OtherImages
            raise error(f"{key} is of another training: {what}.")

    def _other_images(self, facts: Any) -> list[str]:
        """Which images differ; earlier versions told those of the training alone."""
        found = []
        if facts["data"] != self.data:
            found.append("other training images")
        if self.validation and facts.get("validation", "") not in ("", self.validation):
            found.append("other validation images")
        return found


def newest_facts(store: ArtifactStore, model: str) -> Mapping[str, Any]:
    """Facts of a model's newest checkpoint whose manifest can be read; empty if there is none."""
    for key in reversed(store.keys(f"checkpoints/{model}/")):
        with suppress(ArtifactError):
            return store.manifest(key).facts
    return {}


def state_arrays(network: ImageModel) -> Arrays:
    """All variables of a compiled model: weights, random states and optimiser state."""
    return {path: _copied(variable) for path, variable in _state(network).items()}


def load_state(network: ImageModel, arrays: Arrays) -> None:
    """Restores the variables that `state_arrays` returned."""
    _assign(_state(network), arrays)


def weight_arrays(network: keras.Model) -> Arrays:
    """The weights of a model by their paths, copied."""
    return {variable.path: _copied(variable) for variable in network.weights}


def load_weights(network: keras.Model, arrays: Arrays) -> None:
    """Restores the weights that `weight_arrays` returned.

    Raises:
        ValueError: The weights are those of another network.
    """
    _assign({variable.path: variable for variable in network.weights}, arrays)


def to_npz(arrays: Arrays) -> bytes:
    """Arrays as the bytes of an uncompressed .npz file."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def from_npz(data: bytes) -> Arrays:
    """Arrays of an .npz file."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _state(network: ImageModel) -> dict[str, Any]:
    network.optimizer.build(network.trainable_variables)
    own = {f"model/{variable.path}": variable for variable in network.variables}
    return own | {
        f"optimizer/{variable.path}": variable for variable in network.optimizer.variables
    }


def _copied(variable: Any) -> NDArray[Any]:
    return np.asarray(variable).copy()


def _assign(variables: dict[str, Any], arrays: Arrays) -> None:
    if set(variables) != set(arrays):
        odd = sorted(set(variables) ^ set(arrays))
        raise ValueError(f"The weights are of another network: {odd[0]} is on one side only.")
    for path, variable in variables.items():
        if tuple(variable.shape) != arrays[path].shape:
            raise ValueError(
                f"{path} has shape {tuple(variable.shape)}; received {arrays[path].shape}."
            )
        variable.assign(arrays[path])


def _below(arrays: Arrays, prefix: str) -> Arrays:
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
