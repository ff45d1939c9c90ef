"""Starts, resumes, exports and publishes a training on request.

It holds all that `pipelines.train` needs from Keras, so that `--help` and errors in the flags do
not wait for the import of Keras.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from core.codecs.trained_model import model_key
from core.dataset.splits import DEFAULT, array_file, dataset_key, open_split
from core.errors import Refusal
from core.models.base import Model, ModelConfig, build_seeded
from core.models.training.begun import begun_facts, dataset_of, engine_of, source_of
from core.models.training.checkpoints import Checkpoints, ForeignCheckpoint, OtherImages
from core.models.training.divergence import Diverged
from core.models.training.engines import EngineRequest, WrongBackend, choose_engine
from core.models.training.history import History
from core.models.training.loop import Training
from core.models.training.monitor import Monitor
from core.models.training.ownership import new_run
from core.models.training.progress import STOPPED
from core.models.training.publication import Publisher
from core.models.training.published import go_on_from_published
from core.models.training.request import Request, config_of, model_of
from core.models.training.start_checks import (
    check_limits,
    check_start,
    other_images_refused,
    with_photographs,
)
from core.models.training.weight_pieces import WeightPieces, go_on_from_pieces
from core.stop_request import StopRequest
from core.store import ArtifactStore


@dataclass(frozen=True)
class Session:
    """A training that can run and be published.

    Attributes:
        request: The user's request.
        store: Where checkpoints, history and model are written.
        model: The model.
        training: The training, at its start or restored from its checkpoint.
    """

    request: Request
    store: ArtifactStore
    model: Model
    training: Training

    @property
    def exports_here(self) -> bool:
        """Whether this process can export, which Keras does only with TensorFlow."""
        return bool(keras.backend.backend() == "tensorflow")

    def run(self) -> None:
        """Trains to the end.

        Raises:
            Refusal: The training diverged.
            Stopped: A signal came; the checkpoint is written.
        """
        try:
            self.training.run()
        except Diverged as error:
            raise Refusal(str(error)) from error

    def publish(self) -> None:
        """Exports the best weights and commits the model.

        Raises:
            Refusal: There is nothing to publish.
        """
        training = self.training
        progress, say = training.progress, training.monitor.say
        say(f"exporting the weights of epoch {progress.best_epoch}")
        publisher = Publisher(
            self.store,
            self.request.name,
            self.model,
            training,
            architecture=self.request.architecture,
            dataset=training.checkpoints.dataset,
        )
        try:
            card = publisher.publish()
        except ValueError as error:
            raise Refusal(str(error)) from error
        if self.request.start == "export":
            # The history may have been left behind where the training ran, or not have its end.
            training.history.write(progress.history, ended_by=progress.ended_by or STOPPED)
        say(f"wrote {model_key(self.request.name)}: {_figures(card)}")


def _figures(card: Mapping[str, Any]) -> str:
    quality, difference = card["validation"], card["export"]["largest_difference_levels"]
    shown = ""
    if quality:
        shown = f"validation PSNR {quality['psnr_db']:.2f} dB, SSIM {quality['ssim']:.4f}; "
    return f"{shown}the exported networks differ from Keras by at most {difference:.1e} levels"


def open_session(request: Request, store: ArtifactStore, stop: StopRequest) -> Session:
    """The requested training; the caller must hold the lock `checkpoints/<name>`.

    Raises:
        Refusal: The request cannot be fulfilled.
        ArtifactError: The data set, the checkpoints or the published model cannot be read.
    """
    model = model_of(request)
    begun = begun_facts(request, store)
    config = config_of(model, request, begun)
    engine = with_photographs(request, begun, store)
    # An export runs no steps, so it leaves untouched how they were run.
    told = engine_of(begun) if request.start == "export" else engine
    check_limits(request, told)
    dataset = request.dataset or dataset_of(begun, store) or DEFAULT
    train = open_split(store, "train", dataset=dataset).images
    validation = open_split(store, "validation", dataset=dataset).images
    checkpoints = _checkpoints(request, store, config, dataset)
    check_start(request, checkpoints, config)
    history = History(
        store,
        request.name,
        config,
        architecture=request.architecture,
        minutes=told.minutes,
    )
    training = _chosen(engine, request, store)(
        build_seeded(model, config),
        config,
        train,
        validation,
        checkpoints,
        history,
        Monitor(history, config.epochs, minutes=told.minutes),
        stop,
    )
    _begin(training, request, begun)
    training.progress.note_engine(dataclasses.asdict(told))
    return Session(request, store, model, training)


def _checkpoints(
    request: Request, store: ArtifactStore, config: ModelConfig, dataset: str
) -> Checkpoints:
    files = store.manifest(dataset_key(dataset)).files
    train, validation = (
        files[array_file(split, dataset)].sha256 for split in ("train", "validation")
    )
    return Checkpoints(store, request.name, config, train, validation=validation, dataset=dataset)


def _chosen(
    engine: EngineRequest, request: Request, store: ArtifactStore
) -> Callable[..., Training]:
    try:
        return choose_engine(engine, store, request.name)
    except WrongBackend as error:
        raise Refusal(str(error)) from error


def _begin(training: Training, request: Request, begun: Mapping[str, Any]) -> None:
    checkpoints, start = training.checkpoints, request.start
    if start == "restart":
        checkpoints.clear()
    if start in ("fresh", "restart"):
        training.progress.run = new_run()
    else:
        _go_on(training, request, begun)
    if start not in ("resume", "export"):
        WeightPieces(checkpoints.store, checkpoints.model).clear()
    training.progress.may_replace |= request.replace


def _go_on(training: Training, request: Request, begun: Mapping[str, Any]) -> None:
    checkpoints = training.checkpoints
    try:
        if checkpoints.keys() and request.start != "finetune":
            training.resume()
            _tell_newer_pieces(training)
        elif request.start == "export":
            go_on_from_pieces(training, WeightPieces(checkpoints.store, checkpoints.model))
        else:
            _go_on_from_published(training, request)
    except OtherImages as error:
        raise other_images_refused(error, request, checkpoints, begun) from error
    except ForeignCheckpoint as error:
        raise Refusal(
            f"{error} Leave out the flags that differ and it goes on; --restart forgets it and "
            "starts anew, in place of what is published with --replace."
        ) from error


def _tell_newer_pieces(training: Training) -> None:
    """Says so where weights that came back from another machine are newer than the checkpoint."""
    checkpoints, progress = training.checkpoints, training.progress
    latest = next(iter(WeightPieces(checkpoints.store, checkpoints.model).sets().values()), None)
    seen = latest["progress"]["images"] if latest else 0
    if latest and latest["progress"].get("run") == progress.run and seen > progress.images:
        training.monitor.say(
            f"goes on from the checkpoint, after {progress.images} images; the weights in "
            f"{checkpoints.store.shown(f'cache/train/{checkpoints.model}')} have seen {seen}"
        )


def _go_on_from_published(training: Training, request: Request) -> None:
    anew = request.start == "finetune"
    source = source_of(request, training.checkpoints.store) or request.name
    go_on_from_published(training, source=source, anew=anew)
    if not anew and training.is_finished:
        progress, epochs = training.progress, training.config.epochs
        raise Refusal(
            f"{model_key(source)} has {progress.epoch} of {epochs} epochs, so nothing is left to "
            "train; give --epochs."
        )
    training.progress.run = new_run()
    # Whether what is published may be replaced was asked before the stage began.
    training.progress.may_replace = True
    training.checkpoints.clear()
    why = "a fine-tuning stage" if anew else "no checkpoint is left"
    training.monitor.say(
        f"{why}: goes on after epoch {training.progress.epoch} from the published weights, with a "
        "fresh optimiser"
    )
