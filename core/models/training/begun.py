"""What is known of the training that another one goes on from."""

import json
from collections.abc import Mapping
from typing import Any

from core.codecs.trained_model import model_key
from core.dataset.splits import DEFAULT, array_file, dataset_key, prepared_datasets
from core.models.training.checkpoints import newest_facts
from core.models.training.engines import EngineRequest
from core.models.training.request import Request
from core.models.training.weight_pieces import WeightPieces
from core.store import Artifact, ArtifactError, ArtifactStore


def begun_facts(request: Request, store: ArtifactStore) -> Mapping[str, Any]:
    """Facts of what the request goes on from; empty for a new training.

    Raises:
        ArtifactError: The published model cannot be read.
    """
    if request.start in ("resume", "export"):
        if facts := newest_facts(store, request.name):
            return facts
        if request.start == "export":
            return next(iter(WeightPieces(store, request.name).sets().values()), {})
    source = source_of(request, store)
    if request.start in ("fresh", "restart") or source is None:
        return {}
    return _published_facts(store.open(model_key(source)), source)


def _published_facts(published: Artifact, name: str) -> Mapping[str, Any]:
    """Facts of a published model, with the whole of its configuration and its data set's name."""
    found = dict(published.facts)
    config, card = (_json_of(published, f"{name}/{file}.json") for file in ("config", "card"))
    if config:
        found["config"] = config
    if dataset := card.get("dataset"):
        found["dataset"] = dataset
    return found


def _json_of(published: Artifact, file: str) -> Mapping[str, Any]:
    if file not in published.manifest.files:
        return {}
    found: Mapping[str, Any] = published.parsed(file, json.loads, reason="is not JSON")
    return found


def engine_of(begun: Mapping[str, Any]) -> EngineRequest:
    """How the steps of what goes on were run; by `fit` where that is not told."""
    return EngineRequest(**begun.get("progress", {}).get("engine", {}))


def dataset_of(begun: Mapping[str, Any], store: ArtifactStore) -> str | None:
    """Name of the data set that what goes on was trained on; None where nothing tells it.

    Checkpoints of an earlier version hold the digest of its images alone.
    """
    if named := begun.get("dataset"):
        return str(named)
    if "data" not in begun:
        return None
    names = sorted(prepared_datasets(store), key=lambda name: name != DEFAULT)
    return next((name for name in names if _digest(name, store) == begun["data"]), None)


def _digest(dataset: str, store: ArtifactStore) -> str | None:
    """Digest of a data set's training images; None where it cannot be read."""
    try:
        entry = store.manifest(dataset_key(dataset)).files.get(array_file("train", dataset))
    except ArtifactError:
        return None
    return None if entry is None else entry.sha256


def seen_photographs(begun: Mapping[str, Any]) -> set[str]:
    """Digests of all photographs that what goes on was trained on."""
    progress = begun.get("progress", {})
    engines = [progress.get("engine", {}), *progress.get("earlier_engines", ())]
    found = {engine.get("photographs_sha256") for engine in engines}
    return {*begun.get("photographs", ()), *found} - {None}


def source_of(request: Request, store: ArtifactStore) -> str | None:
    """Published model that fine-tuning starts from.

    The one asked for, or that of this name, else the shipped one.
    """
    for name in (request.source,) if request.source else (request.name, request.architecture):
        if store.exists(model_key(name)):
            return name
    return None
