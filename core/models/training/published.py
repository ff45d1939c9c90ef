"""Published models as the beginning of a further training."""

import json
from collections.abc import Mapping
from typing import Any

from core.codecs.trained_model import model_key
from core.models.training.checkpoints import Arrays, ForeignCheckpoint, from_npz, load_weights
from core.models.training.divergence import undone_guards
from core.models.training.loop import Training
from core.models.training.progress import Progress
from core.models.training.reduction import check_has_weights
from core.models.training.shared_weights import SharedTensor, restore_shared
from core.store import Artifact

#: File that says which weights are stored in the networks' files, and where.
SHARED = "shared_weights.json"


def go_on_from_published(
    training: Training, *, source: str | None = None, anew: bool = False
) -> None:
    """Starts from the best weights of the published model.

    The epochs after the best one and the state of the optimiser are discarded.

    Args:
        training: A training that has not started.
        source: Name of the published model; the training's own when None.
        anew: Whether a fine-tuning stage with its own learning rate schedule begins, instead of
            continuing the schedule of the published training.

    Raises:
        ArtifactError: The model or its history is missing or damaged.
        ForeignCheckpoint: It has another configuration, or it goes on with other images.
    """
    checkpoints = training.checkpoints
    store, name = checkpoints.store, source or checkpoints.model
    free = training.config.plan_fields() if anew else ()
    published = store.open(model_key(name))
    checkpoints.check(published.key, published.facts, free=free, model=name, any_images=anew)
    facts = published.parsed(f"{name}/card.json", _training_of_card, reason="is not a model card")
    best = published_weights(published, name)
    load_weights(training.network, best)
    rows = training.history.read(model=name)[: facts["best_epoch"]]
    if training.history.stored_run(model=name) != published.facts.get("run", "") or not rows:
        raise ForeignCheckpoint(
            f"The history of {name} is of another training than its published weights, and no "
            "checkpoint of that training is here."
        )
    training.history.recall_previews(epochs=len(rows), warn=training.monitor.say, model=name)
    if anew:
        training.network.begin_stage(training.train)
    training.best = best
    training.follow(_progress_at_best(training, rows, facts, anew=anew))
    training.progress.source = name
    training.progress.earlier_data = _earlier_data(training, published.facts, facts)
    if not anew:
        _follow_schedule(training, facts, epochs=len(rows))


def _follow_schedule(training: Training, facts: Mapping[str, Any], *, epochs: int) -> None:
    """Lowers the learning rate as often as it was; the epochs after the best one are gone."""
    for _ in range(facts.get("lr_drops", facts.get("drops", 0))):
        training.lower_learning_rate()
    training.progress.first_stop = min(facts.get("first_stop", 0), epochs)


def _progress_at_best(
    training: Training, rows: list[dict[str, float]], facts: Mapping[str, Any], *, anew: bool
) -> Progress:
    """Progress of a training that goes on after the best epoch, the last of these rows."""
    plan_start = len(rows) if anew else facts.get("plan_start", 0)
    return Progress(
        epoch=len(rows),
        images=int(rows[-1]["images"]),
        seconds=rows[-1]["total_seconds"],
        # Another stage may weight the terms of the loss differently, so it is measured again.
        best_loss=(training.validation_figures()["loss"] if anew else rows[-1]["validation_loss"]),
        best_epoch=len(rows),
        history=rows,
        computed_with=facts["computed_with"],
        engine=facts.get("engine", {}),
        earlier_engines=facts.get("earlier_engines", []),
        guards=undone_guards(facts.get("undone_epochs", 0)),
        plan_start=plan_start,
        stage_starts=facts.get("stage_starts", [facts.get("plan_start", 0) + 1]),
        plan_start_seconds=(
            rows[-1]["total_seconds"] if anew else facts.get("plan_start_seconds", 0.0)
        ),
        steps_forgotten=(len(rows) - plan_start) * training.steps,
    )


def _earlier_data(
    training: Training, published: Mapping[str, Any], facts: Mapping[str, Any]
) -> list[str]:
    """Digests of the training images of the stages before, where they were others."""
    seen = [*facts.get("earlier_data", ()), published["data"]]
    return [one for one in dict.fromkeys(seen) if one != training.checkpoints.data]


def _training_of_card(data: bytes) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(data)["training"]
    return facts


def published_weights(published: Artifact, name: str) -> Arrays:
    """Weights of a published model by path, those that its networks' files hold included.

    Raises:
        ArtifactError: A file is missing or damaged.
        Refusal: The model was published without its weights.
    """
    check_has_weights(published, name)
    shared = f"{name}/{SHARED}"
    own: Arrays = published.parsed(f"{name}/weights.npz", from_npz, reason="does not hold arrays")
    if shared not in published.manifest.files:
        return own
    tensors = published.parsed(shared, _shared_tensors, reason="does not say where weights are")
    files = {tensor.file: published.read(f"{name}/{tensor.file}") for tensor in tensors.values()}
    return restore_shared(own, tensors, files)


def _shared_tensors(data: bytes) -> dict[str, SharedTensor]:
    return {path: SharedTensor(*tensor) for path, tensor in json.loads(data).items()}
