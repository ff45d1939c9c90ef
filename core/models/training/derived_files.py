"""Adds to a published model what it was published without."""

import json

from core.codecs.trained_model import model_key
from core.models.base import Model
from core.models.training.checkpoints import load_weights
from core.models.training.published import published_weights
from core.store import ArtifactStore


def add_derived_files(store: ArtifactStore, name: str, model: Model) -> tuple[str, ...]:
    """Names of the files that were added to a published model, such as one of an earlier version.

    Its other files stay equal to the byte.

    Args:
        store: Where the model is.
        name: Name of the trained model.
        model: What it is one of.

    Raises:
        ArtifactError: The model is missing or damaged.
        Refusal: It was published without its weights.
    """
    published = store.open(model_key(name))
    weights = published_weights(published, name)
    config = published.parsed(f"{name}/config.json", json.loads, reason="is no configuration")
    network = model.build(type(model.config)(**config | {"precision": "float32"}))
    load_weights(network, weights)
    files = {file: published.read(file) for file in published.manifest.files}
    derived = network.derived_files().items()
    added = {file: data for file, data in derived if f"{name}/{file}" not in files}
    named = {f"{name}/{file}": data for file, data in added.items()}
    if named:
        store.commit(model_key(name), files | named, facts=published.facts)
    return tuple(sorted(added))
