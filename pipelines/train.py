"""Trains one of the models and exports it for the codecs and the dashboard."""

import dataclasses
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from core.dataset.splits import KEY, array_file, open_split
from core.store import ArtifactStore
from pipelines.base import UserError, option, run_step

if TYPE_CHECKING:
    from core.models.training.loop import Training


@dataclass(frozen=True)
class TrainConfig:
    """What a person says at the command line; a value left out is the model's own."""

    model: str = option(help="model to train, such as ae80", positional=True)
    resume: bool = option(False, help="go on from the newest checkpoint, or the published model")
    restart: bool = option(False, help="forget the checkpoints and start anew")
    finetune: bool = option(
        False, help="forget the checkpoints and begin a fine-tuning stage from the published model"
    )
    export: bool = option(False, help="export the best weights so far, without training on")
    preset: str | None = option(None, help="one of the model's own sizes and plans, by name")
    epochs: int | None = option(None, help="stop after so many epochs, those done before included")
    batch: int | None = option(None, help="images per step")
    learning_rate: float | None = option(None, help="step size of the optimiser")
    filters: tuple[int, ...] = option((), help="filters of an autoencoder's layers, such as 32 64")
    activation: str | None = option(
        None, help="activation of an autoencoder", choices=("relu", "leaky_relu")
    )
    patience: int | None = option(None, help="epochs without progress before stopping")
    lr_drops: int | None = option(None, help="times to lower the learning rate before stopping")
    seed: int | None = option(None, help="seed of weights and order")
    precision: str | None = option(
        None,
        help="numbers to compute in: mixed_bfloat16 is faster on processors made for it",
        choices=("float32", "mixed_bfloat16"),
    )

    def __post_init__(self) -> None:
        if self.restart and (self.resume or self.export):
            raise ValueError("--restart does not go with --resume or --export.")
        if self.finetune and (self.resume or self.export or self.restart):
            raise ValueError("--finetune does not go with --resume, --export or --restart.")

    def overrides(self) -> dict[str, Any]:
        """Values that replace the model's own."""
        own = {"model", "resume", "restart", "finetune", "export", "preset"}
        given = {name: value for name, value in vars(self).items() if name not in own}
        return {name: value for name, value in given.items() if value not in (None, ())}


def train(config: TrainConfig) -> None:
    """Trains a model from the prepared data set, resumably, and exports it."""
    store = ArtifactStore.default()
    module = _module(config.model)
    from core.models.training.stop_request import StopRequest

    stop = StopRequest()
    with store.lock(f"checkpoints/{config.model}"):
        with stop.listening():
            training = _training(config, module, store, stop)
            if not config.export:
                _run(training)
        if training.exports_here:
            _publish(config.model, module, store, training)
            return
    _export_by_tensorflow(config)


def _run(training: "Training") -> None:
    from core.models.training.loop import Diverged

    try:
        training.run()
    except Diverged as error:
        raise UserError(str(error)) from error


def _publish(name: str, module: ModuleType, store: ArtifactStore, training: "Training") -> None:
    from core.models.training.publication import Publisher

    training.monitor.say(f"exporting the weights of epoch {training.progress.best_epoch}")
    try:
        card = Publisher(store, name, module, training).publish()
    except ValueError as error:
        raise UserError(str(error)) from error
    quality, export = card["validation"], card["export"]
    figures = ""
    if quality:
        figures = f"validation PSNR {quality['psnr_db']:.2f} dB, SSIM {quality['ssim']:.4f}; "
    training.monitor.say(
        f"wrote models/{name}: {figures}the exported networks differ from Keras by at most "
        f"{export['largest_difference_levels']:.1e} levels"
    )


def _export_by_tensorflow(config: TrainConfig) -> None:
    """Lets a process on TensorFlow export from the checkpoint that another backend wrote."""
    if importlib.util.find_spec("tensorflow") is None:
        raise UserError(
            "The training is finished and its checkpoint saved, but exporting needs TensorFlow: "
            f"run `python -m pipelines.train {config.model} --export` where it is installed."
        )
    chosen = config.overrides() | ({"preset": config.preset} if config.preset else {})
    flags = []
    for name, value in chosen.items():
        values = value if isinstance(value, tuple) else (value,)
        flags += [f"--{name.replace('_', '-')}", *map(str, values)]
    command = [sys.executable, "-m", "pipelines.train", config.model, "--export", *flags]
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    if subprocess.run(command, env=environment, check=False).returncode:
        raise UserError("The training is finished, but its export failed; the lines above say why.")


def _module(name: str) -> ModuleType:
    # Keras takes ten seconds to import, which --help and a wrong flag should not wait for.
    from core.models import get_model

    try:
        return get_model(name)
    except ValueError as error:
        raise UserError(str(error)) from error


def _training(
    config: TrainConfig, module: ModuleType, store: ArtifactStore, stop: Any
) -> "Training":
    """The training that was asked for, at its beginning or at its checkpoint."""
    from core.models.base import build_seeded
    from core.models.training.checkpoints import Checkpoints, ForeignCheckpoint
    from core.models.training.history import History
    from core.models.training.loop import Training
    from core.models.training.monitor import Monitor

    try:
        model_config = dataclasses.replace(_plan(module, config), **config.overrides())
    except (TypeError, ValueError) as error:  # TypeError: the model has no such value
        raise UserError(str(error)) from error
    splits = [open_split(store, name).images for name in ("train", "validation")]
    data = store.manifest(KEY).files[array_file("train")].sha256
    checkpoints = Checkpoints(store, config.model, model_config, data)
    _check_start(config, checkpoints.keys(), store)
    history = History(store, config.model, model_config)
    training = Training(
        build_seeded(module, model_config),
        model_config,
        *splits,
        checkpoints,
        history,
        Monitor(history, model_config.epochs),
        stop,
    )
    if config.restart:
        checkpoints.clear()
    if config.resume or config.export or config.finetune:
        try:
            _go_on(training, anew=config.finetune)
        except ForeignCheckpoint as error:
            raise UserError(f"{error} Start anew with --restart.") from error
    return training


def _go_on(training: "Training", *, anew: bool) -> None:
    """Takes up the newest checkpoint; or the published model, where none is left or wanted."""
    from core.models.training.publication import go_on_from_published

    if training.checkpoints.keys() and not anew:
        training.resume()
        return
    go_on_from_published(training, anew=anew)
    training.checkpoints.clear()
    why = "a fine-tuning stage" if anew else "no checkpoint is left"
    training.monitor.say(
        f"{why}: goes on after epoch {training.progress.epoch} from the published weights, with a "
        "fresh optimiser"
    )


def _plan(module: ModuleType, config: TrainConfig) -> Any:
    """The model's configuration before what the command line changes in it."""
    if config.preset is None:
        return module.CONFIG
    presets = getattr(module, "PRESETS", {})
    if config.preset not in presets:
        names = ", ".join(presets) or "none"
        raise UserError(f"{config.model} has no preset {config.preset!r}; it has {names}.")
    return presets[config.preset]


def _check_start(config: TrainConfig, checkpoints: list[str], store: ArtifactStore) -> None:
    command = f"python -m pipelines.train {config.model}"
    goes_on = config.resume or config.export or config.finetune
    if checkpoints and not (goes_on or config.restart):
        raise UserError(
            f"{checkpoints[-1]} exists. Go on from it with `{command} --resume`, "
            f"or start anew with `{command} --restart`."
        )
    is_published = f"models/{config.model}" in store.keys("models/") and not config.export
    if config.finetune and not is_published:
        raise UserError(f"{config.model} is not published yet; start with `{command}`.")
    if goes_on and not checkpoints and not is_published:
        raise UserError(f"There is no checkpoint of {config.model}; start with `{command}`.")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of the step; 130 or 143 when a signal stopped it."""
    from core.models.training.stop_request import Stopped

    try:
        return run_step(TrainConfig, train, name="train", argv=argv)
    except Stopped as stopped:
        print(
            f"train: {stopped}; the checkpoint is saved. Go on with --resume, or export the best "
            "weights so far with --export.",
            file=sys.stderr,
        )
        return 128 + stopped.signal


if __name__ == "__main__":
    sys.exit(main())
