"""Trains one of the models and exports it for the codecs and the dashboard."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from core.dataset.splits import DEFAULT
from core.plain_english import flags
from core.stop_request import StopRequest
from core.store import ArtifactStore
from pipelines.base import UserError, check_name, option, run_step
from pipelines.published_files import check_libraries, complete, reduce
from pipelines.quiet_import import quiet_import

if TYPE_CHECKING:
    from core.models.training.engines import EngineRequest
    from core.models.training.request import Start
    from core.models.training.session import Session

#: Fields of the configuration that are not hyperparameters.
_IDENTITY = ("model", "name", "dataset", "complete", "reduce", "replace", "preset", "from_model")

#: Fields that select the training engine.
_ENGINE = ("engine", "minutes", "augment", "photographs")

#: What is said after a signal, whether it came while a training ran or before.
_KEPT = (
    "what was trained is saved. A training goes on with --resume; --export publishes its best "
    "weights so far."
)

_STARTS: tuple["Start", ...] = ("export", "finetune", "restart", "resume")


@dataclass(frozen=True)
class TrainConfig:
    """Command line flags; the default of a hyperparameter is that of the model."""

    model: str = option(help="model to train, such as ae80", positional=True)
    name: str | None = option(
        None, help="name of the trained model and its history (default: the model's own)"
    )
    dataset: str | None = option(
        None,
        help="prepared data set to train on (default: that of the training that goes on, else "
        f"{DEFAULT})",
        metavar="NAME",
    )
    resume: bool = option(False, help="go on from the newest checkpoint, or the published model")
    restart: bool = option(False, help="forget the checkpoints and start anew")
    finetune: bool = option(
        False, help="forget the checkpoints and begin a fine-tuning stage from the published model"
    )
    from_model: str | None = option(
        None,
        help="with --finetune: published model to begin from (default: that of --name, else the "
        "model's own)",
        metavar="NAME",
    )
    export: bool = option(False, help="export the best weights so far, without training on")
    complete: bool = option(
        False,
        help="add the files that a published model of an earlier version lacks, and train nothing; "
        "those it has stay as they are",
    )
    reduce: str | None = option(
        None,
        help="remove from a published model the files that only `compress --effort` or only "
        "further training needs, or both, and train nothing; those that are left stay as they are",
        choices=("effort", "training", "both"),
    )
    replace: bool = option(False, help="replace a published model that another training made")
    preset: str | None = option(None, help="one of the model's own sizes and plans, by name")
    stage: str | None = option(
        None,
        help="train only these networks of the learned codec: its encoder, against the published "
        "decoder; or its entropy model, on the published latents, after which earlier files no "
        "longer decode",
        choices=("all", "encoder", "entropy"),
    )
    epochs: int | None = option(None, help="stop after so many epochs, those done before included")
    batch: int | None = option(None, help="images per step")
    learning_rate: float | None = option(None, help="step size of the optimiser")
    filters: tuple[int, ...] = option(
        (), help="filters of an autoencoder's layers, one number each, such as 32 64 for ae40"
    )
    activation: str | None = option(
        None, help="activation of an autoencoder", choices=("relu", "leaky_relu")
    )
    channels: int | None = option(None, help="channels of the latent of a model trained for rate")
    kernel: int | None = option(
        None, help="rows and columns of the kernels of an autoencoder trained for rate"
    )
    patience: int | None = option(None, help="epochs without progress before stopping")
    lr_drops: int | None = option(None, help="times to lower the learning rate before stopping")
    epoch_images: int | None = option(None, help="training images of an epoch")
    validation_images: int | None = option(None, help="validation images after an epoch")
    engine: str | None = option(
        None,
        help="fit is Keras' own loop; scan compiles many steps into one call, for accelerators "
        "with JAX (default: fit, or that of the training that goes on)",
        choices=("fit", "scan"),
    )
    minutes: float | None = option(
        None, help="with --engine scan: train for so many minutes, the rate falling by the clock"
    )
    augment: bool = option(False, help="mirror, transpose and zoom the training images at random")
    photographs: bool = option(
        False,
        help="train on crops of `prepare --extra`'s photographs as well; implies --augment",
    )
    seed: int | None = option(None, help="seed of weights and order")
    precision: str | None = option(
        None,
        help="numbers to compute in: mixed_bfloat16 is faster on processors made for it",
        choices=("float32", "mixed_bfloat16"),
    )

    def __post_init__(self) -> None:
        check_name("--name", self.name)
        check_name("--dataset", self.dataset)
        check_name("--from-model", self.from_model)
        if self.restart and (self.resume or self.export):
            raise ValueError("--restart does not go with --resume or --export.")
        if self.finetune and (self.resume or self.export or self.restart):
            raise ValueError("--finetune does not go with --resume, --export or --restart.")
        if self.from_model and not self.finetune:
            raise ValueError("--from-model needs --finetune.")
        for alone in ("complete", "reduce"):
            if getattr(self, alone) and (others := self._given() - {alone}):
                raise ValueError(f"--{alone} trains nothing; it does not go with {flags(others)}.")
        if self.export and (own := self._given() & {*_ENGINE, *self.settable(), "preset"}):
            raise ValueError(f"--export trains nothing; it does not go with {flags(own)}.")
        if self.engine != "scan" and self.minutes is not None:
            raise ValueError("--minutes needs --engine scan.")
        if self.resume and self.engine is None and (self.augment or self.photographs):
            raise ValueError(
                "--resume goes on with the images that the training was begun with; to change "
                "that, give --engine as well."
            )
        if self.minutes is not None and not self.minutes > 0:
            raise ValueError(f"--minutes must be positive; received {self.minutes}.")
        if self.minutes is not None and not {self.epochs, self.patience, self.lr_drops} <= {None}:
            raise ValueError(
                "--minutes alone ends a training; it does not go with --epochs, --patience or "
                "--lr-drops."
            )

    def _given(self) -> set[str]:
        """Names of the flags that were given, without those that say which model it is."""
        given = {one.name for one in fields(self) if getattr(self, one.name) != one.default}
        return given - {"model", "name"}

    @property
    def model_name(self) -> str:
        """Name that the trained model gets."""
        return self.name or self.model

    @classmethod
    def settable(cls) -> frozenset[str]:
        """Names of the values that can replace a model's own."""
        names = frozenset(field.name for field in fields(cls))
        return names - {*_IDENTITY, *_STARTS, *_ENGINE}

    def overrides(self) -> dict[str, Any]:
        """Values that replace the model's own."""
        given = {name: getattr(self, name) for name in self.settable()}
        return {name: value for name, value in given.items() if value not in (None, ())}


def train(config: TrainConfig) -> None:
    """Trains a model from the prepared data set, resumably, and exports it."""
    store = ArtifactStore.default()
    if config.complete:
        complete(store, config.model_name, config.model)
        return
    if config.reduce:
        reduce(store, config.model_name, config.model, uses=config.reduce)
        return
    stop = StopRequest()
    with _lock(store, config.model_name):
        with stop.listening():
            session = _open(config, store, stop)
            if not config.export:
                session.run()
        if session.exports_here:
            session.publish()
            return
    _export_by_tensorflow(config)


@contextmanager
def _lock(store: ArtifactStore, name: str) -> Iterator[None]:
    """Keeps other processes from training the model; says when it waits for one."""
    key = f"checkpoints/{name}"
    with store.lock_if_free(key) as is_free:
        if is_free:
            yield
            return
    print(f"train: another process trains {name}; waiting for it.", file=sys.stderr, flush=True)
    with store.lock(key):
        yield


def _open(config: TrainConfig, store: ArtifactStore, stop: StopRequest) -> "Session":
    check_libraries()
    with quiet_import():
        # Keras takes ten seconds to import, which --help and a wrong flag should not wait for.
        from core.models import models
        from core.models.training import session
        from core.models.training.request import Request

        models()
    request = Request(
        architecture=config.model,
        name=config.model_name,
        start=next((name for name in _STARTS if getattr(config, name)), "fresh"),
        dataset=config.dataset,
        preset=config.preset,
        overrides=config.overrides(),
        settable=config.settable(),
        engine=_engine(config),
        replace=config.replace,
        source=config.from_model,
    )
    return session.open_session(request, store, stop)


def _engine(config: TrainConfig) -> "EngineRequest | None":
    from core.models.training.engines import EngineRequest

    if config.export:
        return EngineRequest()  # which runs on every backend
    if config.engine is None and not (config.augment or config.photographs):
        return None
    return EngineRequest(
        config.engine or "fit",
        minutes=config.minutes,
        augment=config.augment or config.photographs,
        photographs=config.photographs,
    )


def _export_by_tensorflow(config: TrainConfig) -> None:
    """Exports in a TensorFlow process from the checkpoint that another backend wrote."""
    arguments = ["-m", "pipelines.train", config.model, "--export", *_flags(config)]
    if importlib.util.find_spec("tensorflow") is None:
        raise UserError(
            "The training is finished and its checkpoint saved, but exporting needs TensorFlow: "
            f"run `python {' '.join(arguments)}` where it is installed. A checkpoint is in "
            f"artifacts/checkpoints/{config.model_name}, the best weights in small files are in "
            f"artifacts/cache/train/{config.model_name}; either suffices there."
        )
    command = [sys.executable, *arguments]
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    if subprocess.run(command, env=environment, check=False).returncode:
        raise UserError("The training is finished, but its export failed; the lines above say why.")


def _flags(config: TrainConfig) -> list[str]:
    """Flags of a command that exports what this one trained; the rest is in the checkpoint."""
    flags = ["--replace"] if config.replace else []
    if config.dataset is not None:
        flags += ["--dataset", config.dataset]
    return flags if config.name is None else [*flags, "--name", config.name]


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of the step; 130 or 143 when a signal stopped it."""
    return run_step(TrainConfig, train, name="train", argv=argv, kept=_KEPT)


if __name__ == "__main__":
    sys.exit(main())
