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
from core.dataset.splits import array_file, dataset_key, open_split
from core.dataset.training_photographs import photographs_digest
from core.errors import Refusal
from core.models.base import Model, ModelConfig, build_seeded
from core.models.training.checkpoints import Checkpoints, ForeignCheckpoint
from core.models.training.divergence import Diverged
from core.models.training.engines import EngineRequest, WrongBackend, choose_engine
from core.models.training.history import History
from core.models.training.loop import Training
from core.models.training.monitor import Monitor
from core.models.training.ownership import check_replaceable, new_run
from core.models.training.progress import STOPPED, Progress
from core.models.training.publication import Publisher
from core.models.training.published import go_on_from_published
from core.models.training.request import (
    Request,
    begun_facts,
    config_of,
    engine_of,
    model_of,
    seen_photographs,
    source_of,
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
            dataset=self.request.dataset,
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
    engine = _with_photographs(request, begun, store)
    # An export runs no steps, so it leaves untouched how they were run.
    told = engine_of(begun) if request.start == "export" else engine
    train = open_split(store, "train", dataset=request.dataset).images
    validation = open_split(store, "validation", dataset=request.dataset).images
    files = store.manifest(dataset_key(request.dataset)).files
    data = files[array_file("train", request.dataset)].sha256
    checkpoints = Checkpoints(store, request.name, config, data)
    _check_start(request, checkpoints, config)
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
    _begin(training, request)
    training.progress.note_engine(dataclasses.asdict(told))
    return Session(request, store, model, training)


def _with_photographs(
    request: Request, begun: Mapping[str, Any], store: ArtifactStore
) -> EngineRequest:
    """The engine that runs the steps; it knows which photographs it trains on.

    Raises:
        Refusal: A training would go on with others than it was begun with.
        ArtifactError: There are no photographs.
    """
    engine = request.engine or engine_of(begun)
    if not engine.photographs:
        return engine
    found = photographs_digest(store)
    if request.start == "resume" and seen_photographs(begun) - {found}:
        raise Refusal(
            "The photographs are others than those that the training was begun with; take those "
            "with `python -m pipelines.prepare --extra ARCHIVE`, or start anew with --restart."
        )
    return dataclasses.replace(engine, photographs_sha256=found)


def _chosen(
    engine: EngineRequest, request: Request, store: ArtifactStore
) -> Callable[..., Training]:
    try:
        return choose_engine(engine, store, request.name)
    except WrongBackend as error:
        raise Refusal(str(error)) from error


def _check_start(request: Request, checkpoints: Checkpoints, config: ModelConfig) -> None:
    """Refuses to resume what does not exist, and to overwrite another training's results."""
    stage = config.record().get("stage", "all")
    if stage != "all" and request.start in ("fresh", "restart"):
        raise Refusal(
            f"--stage {stage} trains some networks against the others of a published model; "
            "add --finetune."
        )
    store = checkpoints.store
    kept, command, name = checkpoints.keys(), request.command, request.name
    if kept and request.start == "fresh":
        raise Refusal(
            f"{kept[-1]} exists. Go on from it with `{command} --resume`, "
            f"or start anew with `{command} --restart`."
        )
    if request.start == "finetune" and source_of(request, store) is None:
        missing = dataclasses.replace(request, name=request.source or name)
        raise Refusal(f"{missing.name} is not published yet; start with `{missing.command}`.")
    progress = checkpoints.progress()
    if not kept:
        progress = _check_pieces(request, store)
    goes_on = request.start in ("resume", "export")
    if not (request.replace or (goes_on and progress.may_replace)):
        _check_replaceable(request, checkpoints, progress.run)


def _check_pieces(request: Request, store: ArtifactStore) -> Progress:
    """Progress of weights that came back from another machine without a checkpoint.

    Raises:
        Refusal: They would be lost, or there is nothing to go on from.
    """
    command, name, key = request.command, request.name, model_key(request.name)
    pieces = WeightPieces(store, name).sets()
    progress = Progress.of(next(iter(pieces.values()))["progress"]) if pieces else Progress()
    published = store.manifest(key).facts.get("run", "") if store.exists(key) else None
    if pieces and progress.run != published and request.start not in ("export", "restart"):
        raise Refusal(
            f"The weights of a training of {name} are here, without its checkpoint. Publish them "
            f"with `{command} --export`, or start anew with `{command} --restart`."
        )
    is_lost = published is None if request.start == "resume" else request.start == "export"
    if is_lost and not pieces:
        raise Refusal(f"There is no checkpoint of {name}; start with `{command}`.")
    return progress


def _check_replaceable(request: Request, checkpoints: Checkpoints, run: str) -> None:
    foreign = check_replaceable(checkpoints.store, request.name, run)
    if foreign is not None:
        raise Refusal(
            f"{checkpoints.store.shown(foreign)} is there already, and no checkpoint here is of "
            f"the training that made it. Keep it and train under a name of your own with "
            f"`python -m pipelines.train {request.architecture} --name NAME`, or replace it "
            "with --replace."
        )


def _begin(training: Training, request: Request) -> None:
    checkpoints, start = training.checkpoints, request.start
    if start != "resume" and start != "export":
        WeightPieces(checkpoints.store, checkpoints.model).clear()
    if start == "restart":
        checkpoints.clear()
    if start in ("fresh", "restart"):
        training.progress.run = new_run()
    else:
        _go_on(training, request)
    training.progress.may_replace |= request.replace


def _go_on(training: Training, request: Request) -> None:
    try:
        checkpoints = training.checkpoints
        if checkpoints.keys() and request.start != "finetune":
            training.resume()
        elif request.start == "export":
            go_on_from_pieces(training, WeightPieces(checkpoints.store, checkpoints.model))
        else:
            _go_on_from_published(training, request)
    except ForeignCheckpoint as error:
        raise Refusal(
            f"{error} Leave out the flags that differ and it goes on; --restart forgets it and "
            "starts anew."
        ) from error


def _go_on_from_published(training: Training, request: Request) -> None:
    anew = request.start == "finetune"
    source = source_of(request, training.checkpoints.store) or request.name
    go_on_from_published(training, source=source, anew=anew)
    training.progress.run = new_run()
    # Whether what is published may be replaced was asked before the stage began.
    training.progress.may_replace = True
    training.checkpoints.clear()
    why = "a fine-tuning stage" if anew else "no checkpoint is left"
    training.monitor.say(
        f"{why}: goes on after epoch {training.progress.epoch} from the published weights, with a "
        "fresh optimiser"
    )
