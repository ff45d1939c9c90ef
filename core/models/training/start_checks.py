"""What is checked before a training begins or goes on, so that it harms nothing that is here."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from core.codecs.trained_model import model_key
from core.dataset.training_photographs import photographs_digest
from core.errors import Refusal
from core.models.base import ModelConfig
from core.models.training.begun import (
    begun_facts,
    dataset_of,
    engine_of,
    seen_photographs,
    source_of,
)
from core.models.training.checkpoints import Checkpoints, OtherImages
from core.models.training.engines import EngineRequest
from core.models.training.ownership import check_replaceable
from core.models.training.progress import Progress
from core.models.training.request import Request
from core.models.training.weight_pieces import WeightPieces
from core.plain_english import flags
from core.store import ArtifactStore
from core.store.key import command_of_its_own


def check_limits(request: Request, engine: EngineRequest) -> None:
    """Refuses what would be ignored: limits of a training that its clock alone ends.

    Raises:
        Refusal: Such a limit is given.
    """
    given = request.overrides.keys() & {"epochs", "patience", "lr_drops"}
    if given and engine.minutes is not None:
        raise Refusal(
            f"The clock alone ends this training, so {flags(given)} would change nothing; give "
            "--engine scan --minutes M, or another --engine."
        )


def with_photographs(
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
            "with `python -m pipelines.prepare --extra ARCHIVE`, or start anew with "
            f"`{_restart(request, store)}`."
        )
    return dataclasses.replace(engine, photographs_sha256=found)


def check_start(request: Request, checkpoints: Checkpoints, config: ModelConfig) -> None:
    """Refuses to resume what does not exist, and to overwrite another training's results.

    Raises:
        Refusal: The request cannot be fulfilled.
        ArtifactError: What is here already cannot be read.
    """
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
            f"or start anew with `{_restart(request, store)}`."
        )
    if request.start == "finetune" and source_of(request, store) is None:
        # The flags are of the stage, not of what it begins from.
        missing = Request(request.architecture, request.source or name)
        raise Refusal(f"{missing.name} is not published yet; start with `{_first(missing)}`.")
    progress = checkpoints.progress()
    if not kept:
        progress = _check_pieces(request, store)
    goes_on = request.start in ("resume", "export")
    if not (request.replace or (goes_on and progress.may_replace)):
        _check_replaceable(request, checkpoints, progress.run, goes_on=goes_on)


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
            f"with `{command} --export`, or start anew with `{_restart(request, store)}`."
        )
    is_lost = published is None if request.start == "resume" else request.start == "export"
    if is_lost and not pieces:
        raise Refusal(f"There is no checkpoint of {name}; start with `{_first(request)}`.")
    return progress


def _first(request: Request) -> str:
    """Command that trains what is not here yet."""
    return command_of_its_own(request.name) or request.new_command()


def _restart(request: Request, store: ArtifactStore) -> str:
    """Command that forgets what was begun, and trains on the same data set."""
    begun = begun_facts(dataclasses.replace(request, start="export"), store)
    if request.start == "finetune":  # the flags are of the stage
        request = Request(request.architecture, request.name, dataset=request.dataset)
    replace = " --replace" if store.exists(model_key(request.name)) else ""
    return f"{request.new_command(dataset=dataset_of(begun, store))} --restart{replace}"


def _check_replaceable(
    request: Request, checkpoints: Checkpoints, run: str, *, goes_on: bool
) -> None:
    foreign = check_replaceable(checkpoints.store, request.name, run, goes_on=goes_on)
    if foreign is None:
        return
    why = (
        "no checkpoint here is of the training that made it"
        if goes_on
        else "the new training would take its place"
    )
    raise Refusal(
        f"{checkpoints.store.shown(foreign)} is there already, and {why}. Keep it and train under "
        f"a name of your own with `python -m pipelines.train {request.architecture} --name NAME`, "
        "or replace it with --replace."
    )


def other_images_refused(
    error: OtherImages, request: Request, checkpoints: Checkpoints, begun: Mapping[str, Any]
) -> Refusal:
    """The refusal to go on with other images than those of a training, and what can be done.

    Args:
        error: What differs.
        request: The user's request.
        checkpoints: Those of the training that would go on.
        begun: Facts of what it would go on from.
    """
    was, now = dataset_of(begun, checkpoints.store), checkpoints.dataset
    if was and was != now:
        return Refusal(f"{error} It was trained on the data set {was}; give --dataset {was}.")
    cause = f"{error} No data set here has the images that it was trained on"
    if was == now:
        cause = (
            f"{error} The data set {now} here is not the one of that name that it was trained on"
        )
    if checkpoints.keys() or request.start == "export":
        return Refusal(f"{cause}, and a training goes on with its own images alone.")
    return Refusal(
        f"{cause}, and --resume goes on with its own images alone; a stage may begin on these: "
        "--finetune, with a --name of its own or --replace."
    )
