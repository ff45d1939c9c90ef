"""Checkpoints: the complete state from which a training resumes exactly."""

import io
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.models.base import ImageModel, ModelConfig
from core.store import ArtifactError, ArtifactStore

Arrays = dict[str, NDArray[Any]]

#: How a training ended, as in the model card.
EARLY_STOPPING = "early stopping"
EPOCH_LIMIT = "epoch limit"
TIME_LIMIT = "time limit"
STOPPED = "stopped by hand"

#: Checkpoints to keep: if the newest is damaged, the previous one is used.
KEPT = 2


#: Names of `Progress` fields in earlier versions.
_RENAMED = {"drops": "lr_drops"}


class ForeignCheckpoint(ValueError):
    """A checkpoint of another configuration or of other training images."""


@dataclass
class Progress:
    """State of a training's progress.

    Attributes:
        epoch: Epochs finished, validation included.
        step: Steps done in the epoch after those.
        partial: Means of the metrics over those steps.
        images: Images seen in training.
        seconds: Seconds spent in training, over all runs.
        best_loss: Lowest validation loss; None before the first.
        best_epoch: Epoch of that loss, counted from 1; 0 before the first.
        waited: Epochs since then, or since the learning rate was lowered.
        lr_drops: How often the learning rate was lowered.
        history: One row per finished epoch.
        computed_with: Backends and precisions that the epochs were computed with.
        plan_start: Epochs that were done before the current learning rate schedule began.
        stage_starts: First epoch of each stage, the current one included.
        steps_forgotten: Steps of that schedule that the optimiser's counter lacks, because the
            training resumed from published weights.
        ended_by: Why the training ended; empty while it has not.
        run: Identity of the training; empty for one of an earlier version.
        may_replace: Whether it was begun with the permission to replace another one's model.
        guards: State of the scan engine's learning rate and of its guards against divergence.
    """

    epoch: int = 0
    step: int = 0
    partial: dict[str, float] = field(default_factory=dict)
    images: int = 0
    seconds: float = 0.0
    best_loss: float | None = None
    best_epoch: int = 0
    waited: int = 0
    lr_drops: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    computed_with: list[str] = field(default_factory=list)
    plan_start: int = 0
    stage_starts: list[int] = field(default_factory=list)
    steps_forgotten: int = 0
    guards: dict[str, float] = field(default_factory=dict)
    ended_by: str = ""
    run: str = ""
    may_replace: bool = False

    def __post_init__(self) -> None:
        self.stage_starts = sorted({1, *self.stage_starts, self.plan_start + 1})

    def note_end(self, *, is_finished: bool, epochs: int, by_clock: bool = False) -> None:
        """Records why the training ended, or that it has not ended.

        Args:
            is_finished: Whether the training has ended.
            epochs: Epoch limit of this run.
            by_clock: Whether the time limit ended it.
        """
        by_count = EPOCH_LIMIT if self.epoch >= epochs else EARLY_STOPPING
        reason = TIME_LIMIT if by_clock else by_count
        self.ended_by = reason if is_finished else ""


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one model in a store.

    Attributes:
        store: Where they are.
        model: Name of the model.
        config: Configuration that a checkpoint must have been made with.
        data: Digest of the training images that it must have been made with.
    """

    store: ArtifactStore
    model: str
    config: ModelConfig
    data: str

    def keys(self) -> list[str]:
        """Keys of the checkpoints, oldest first."""
        return self.store.keys(f"checkpoints/{self.model}/")

    def save(self, network: ImageModel, best: Arrays, progress: Progress) -> str:
        """Writes a checkpoint, removes all but the last two, and returns its key."""
        name = f"epoch-{progress.epoch:04d}"
        if progress.step:
            name += f"-step-{progress.step:06d}"
        key = f"checkpoints/{self.model}/{name}"
        facts = {
            "model": self.model,
            "config": self.config.identity(),
            "data": self.data,
            "progress": asdict(progress),
        }
        arrays = {f"state/{path}": value for path, value in state_arrays(network).items()}
        arrays |= {f"best/{path}": value for path, value in best.items()}
        self.store.commit(key, {f"{name}.npz": to_npz(arrays)}, facts=facts)
        for old in self.keys()[:-KEPT]:
            self.store.delete(old)
        return key

    def restore(self, network: ImageModel, warn: Callable[[str], None]) -> tuple[Progress, Arrays]:
        """Progress and best weights of the newest intact checkpoint.

        Restores the state of the network and of its optimiser.

        Args:
            network: Compiled model of the same configuration.
            warn: Called with a message for each damaged checkpoint that is skipped.

        Raises:
            ForeignCheckpoint: The checkpoint is of another configuration or other images.
            ArtifactError: No checkpoint is intact.
        """
        damage: ArtifactError | None = None
        for key in reversed(self.keys()):
            try:
                return self._restore(key, network)
            except ArtifactError as error:
                damage = error
                warn(f"{error}; trying the checkpoint before it.")
        raise damage or ValueError(f"There is no checkpoint of {self.model}.")

    def progress(self) -> Progress:
        """Progress of the newest checkpoint that tells it; that of a new training if none does."""
        for key in reversed(self.keys()):
            with suppress(ArtifactError, KeyError, TypeError, AttributeError):
                return _progress(self.store.manifest(key).facts["progress"])
        return Progress()

    def clear(self) -> None:
        """Removes all checkpoints."""
        for key in self.keys():
            self.store.delete(key)

    def _restore(self, key: str, network: ImageModel) -> tuple[Progress, Arrays]:
        artifact = self.store.open(key)
        try:
            self.check(key, artifact.facts)
            progress = _progress(artifact.facts["progress"])
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
        self, key: str, facts: Any, *, free: Collection[str] = (), model: str | None = None
    ) -> None:
        """Checks that an artifact was written by a training like this one.

        Args:
            key: Key of the artifact.
            facts: Its facts; `model`, `config` and `data` are compared.
            free: Fields of the configuration that may differ.
            model: Expected name of the model; this training's own when None.

        Raises:
            ForeignCheckpoint: Model, configuration or training images differ.
        """
        # A field that did not exist yet had what is now its default.
        defaults = {field.name: field.default for field in fields(self.config)}
        found = {**defaults, **facts["config"]}
        different = [
            f"{name} {found[name]} instead of {value}"
            for name, value in self.config.identity().items()
            if name not in free and found[name] != value
        ]
        if facts["data"] != self.data:
            different.append("other training images")
        if facts["model"] != (model or self.model):
            different.append(f"model {facts['model']}")
        if different:
            raise ForeignCheckpoint(f"{key} is of another training: {', '.join(different)}.")


def _progress(facts: dict[str, Any]) -> Progress:
    """Progress of a checkpoint, also of one written by an earlier version."""
    return Progress(**{_RENAMED.get(name, name): value for name, value in facts.items()})


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
