"""Starts, resumes, exports and publishes a training on request.

It holds all that `pipelines.train` needs from Keras, so that `--help` and errors in the flags do
not wait for the import of Keras.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.dataset.splits import DEFAULT, array_file, dataset_key, open_split
from core.errors import Refusal
from core.models import get_model, models
from core.models.base import Model, ModelConfig, build_seeded
from core.models.training.checkpoints import Checkpoints, ForeignCheckpoint
from core.models.training.engines import EngineRequest, WrongBackend, choose_engine
from core.models.training.history import History
from core.models.training.loop import Diverged, Training
from core.models.training.monitor import Monitor
from core.models.training.ownership import check_replaceable, new_run
from core.models.training.publication import Publisher, go_on_from_published, model_key
from core.stop_request import StopRequest
from core.store import ArtifactStore

Start = Literal["fresh", "resume", "restart", "finetune", "export"]


#: Epoch limit of a training that a time limit ends.
_ENDLESS = 1_000_000


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Attributes:
        architecture: Name of the model.
        name: Name of the trained model; the architecture's own for the shipped one.
        start: Where to begin.
        dataset: Name of the data set.
        preset: One of the model's own configurations, by name.
        overrides: Values that replace the configuration's own.
        settable: Names of the values that a user can give, whichever the model.
        engine: What runs the steps.
        replace: Whether a published model of another training may be replaced.
        source: Published model that fine-tuning begins from; None for the usual one.
    """

    architecture: str
    name: str
    start: Start = "fresh"
    dataset: str = DEFAULT
    preset: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    settable: frozenset[str] = frozenset()
    replace: bool = False
    engine: EngineRequest = field(default_factory=EngineRequest)
    source: str | None = None

    @property
    def command(self) -> str:
        """The command, without the flag that says where to begin."""
        own = "" if self.name == self.architecture else f" --name {self.name}"
        return f"python -m pipelines.train {self.architecture}{own}"


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
        """Whether this process can export."""
        return self.training.exports_here

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
        progress, say = self.training.progress, self.training.monitor.say
        say(f"exporting the weights of epoch {progress.best_epoch}")
        publisher = Publisher(
            self.store,
            self.request.name,
            self.model,
            self.training,
            architecture=self.request.architecture,
        )
        try:
            card = publisher.publish()
        except ValueError as error:
            raise Refusal(str(error)) from error
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
    model = _model(request)
    config = _config(model, request)
    train = open_split(store, "train", dataset=request.dataset).images
    validation = open_split(store, "validation", dataset=request.dataset).images
    files = store.manifest(dataset_key(request.dataset)).files
    data = files[array_file("train", request.dataset)].sha256
    checkpoints = Checkpoints(store, request.name, config, data)
    _check_start(request, checkpoints)
    history = History(store, request.name, config, architecture=request.architecture)
    training = _engine(request, store)(
        build_seeded(model, config),
        config,
        train,
        validation,
        checkpoints,
        history,
        Monitor(history, config.epochs),
        stop,
    )
    _begin(training, request)
    return Session(request, store, model, training)


def _engine(request: Request, store: ArtifactStore) -> Callable[..., Training]:
    try:
        return choose_engine(request.engine, store, request.name)
    except WrongBackend as error:
        raise Refusal(str(error)) from error


def _model(request: Request) -> Model:
    try:
        model = get_model(request.architecture)
    except ValueError as error:
        raise Refusal(str(error)) from error
    if request.name != request.architecture and request.name in models():
        raise Refusal(
            f"{request.name} is the name of another model of its own; choose another --name."
        )
    return model


def _config(model: Model, request: Request) -> ModelConfig:
    """The model's configuration with the user's overrides."""
    plan = _plan(model, request)
    if request.engine.minutes is not None:
        # The time limit ends the training, not the number of epochs.
        plan = dataclasses.replace(plan, epochs=_ENDLESS, patience=_ENDLESS)
    for name, value in request.overrides.items():
        own = getattr(plan, name, None)
        # The name implies the number of layers: `ae20` with one layer would not be 20x20.
        if isinstance(own, tuple) and len(value) != len(own):
            raise Refusal(
                f"{request.architecture} has {len(own)} layers, so --{name} takes {len(own)} "
                f"numbers, such as {' '.join(map(str, own))}; received "
                f"{' '.join(map(str, value))}."
            )
    known = {field.name for field in dataclasses.fields(plan)}
    if unknown := request.overrides.keys() - known:
        raise Refusal(
            f"{request.architecture} has no {_flags(unknown)}; what can be set is "
            f"{_flags(known & request.settable)}."
        )
    try:
        config: ModelConfig = dataclasses.replace(plan, **request.overrides)
    except ValueError as error:
        raise Refusal(str(error)) from error
    return config


def _flags(names: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in sorted(names))


def _plan(model: Model, request: Request) -> Any:
    presets = model.presets
    if request.preset is None:
        # The stage also selects the preset of the same name.
        return presets.get(request.overrides.get("stage", ""), model.config)
    if request.preset not in presets:
        names = ", ".join(presets) or "none"
        raise Refusal(f"{request.architecture} has no preset {request.preset!r}; it has {names}.")
    return presets[request.preset]


def _check_start(request: Request, checkpoints: Checkpoints) -> None:
    """Refuses to resume what does not exist, and to overwrite another training's results."""
    kept, command, name = checkpoints.keys(), request.command, request.name
    if kept and request.start == "fresh":
        raise Refusal(
            f"{kept[-1]} exists. Go on from it with `{command} --resume`, "
            f"or start anew with `{command} --restart`."
        )
    is_published = checkpoints.store.exists(model_key(name))
    if request.start == "finetune" and _source(request, checkpoints.store) is None:
        raise Refusal(f"{request.source or name} is not published yet; start with `{command}`.")
    is_lost = request.start == "export" or not is_published
    if request.start in ("resume", "export") and not kept and is_lost:
        raise Refusal(f"There is no checkpoint of {name}; start with `{command}`.")
    goes_on = request.start in ("resume", "export")
    if not (request.replace or (goes_on and checkpoints.progress().may_replace)):
        _check_replaceable(request, checkpoints)


def _check_replaceable(request: Request, checkpoints: Checkpoints) -> None:
    foreign = check_replaceable(checkpoints.store, request.name, checkpoints.progress().run)
    if foreign is not None:
        raise Refusal(
            f"{checkpoints.store.shown(foreign)} is there already, and no checkpoint here is of "
            f"the training that made it. Keep it and train under a name of your own with "
            f"`python -m pipelines.train {request.architecture} --name NAME`, or replace it "
            "with --replace."
        )


def _source(request: Request, store: ArtifactStore) -> str | None:
    """Published model that fine-tuning starts from.

    The one asked for, or that of this name, else the shipped one.
    """
    for name in (request.source,) if request.source else (request.name, request.architecture):
        if store.exists(model_key(name)):
            return name
    return None


def _begin(training: Training, request: Request) -> None:
    checkpoints, start = training.checkpoints, request.start
    if start == "restart":
        checkpoints.clear()
    if start in ("fresh", "restart"):
        training.identify(new_run())
    else:
        _go_on(training, request)
    training.progress.may_replace |= request.replace


def _go_on(training: Training, request: Request) -> None:
    try:
        if training.checkpoints.keys() and request.start != "finetune":
            training.resume()
        else:
            _go_on_from_published(training, request)
    except ForeignCheckpoint as error:
        raise Refusal(f"{error} Start anew with --restart.") from error


def _go_on_from_published(training: Training, request: Request) -> None:
    anew = request.start == "finetune"
    source = _source(request, training.checkpoints.store) or request.name
    go_on_from_published(training, source=source, anew=anew)
    training.identify(new_run())
    training.checkpoints.clear()
    why = "a fine-tuning stage" if anew else "no checkpoint is left"
    training.monitor.say(
        f"{why}: goes on after epoch {training.progress.epoch} from the published weights, with a "
        "fresh optimiser"
    )
