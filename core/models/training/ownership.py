"""Which training a published model and its history are of.

Every training has an identity that its checkpoints, its history and its published model carry.
A training replaces freely only what carries its own identity; anything else that was published,
shipped or a person's own, is replaced on request alone.
"""

import secrets

from core.store import (
    ArtifactError,
    ArtifactStore,
    DamagedArtifact,
    MissingArtifact,
    UnreadableArtifact,
)
from core.store.key import file_name


def new_run() -> str:
    """Identity of a new training."""
    return secrets.token_hex(8)


def check_replaceable(store: ArtifactStore, name: str, run: str) -> str | None:
    """Artifact of another training that a training under this name would replace.

    Args:
        store: Where the artifacts are.
        name: Name of the model.
        run: Identity of the training, from its checkpoints; empty where it has none yet.

    Returns:
        Key of the artifact; None where there is none. What is damaged is no obstacle: the advice
        in its error is to make it again. A history without a finished epoch is none either.

    Raises:
        ArtifactError: An artifact is there that may be whole but cannot be read.
    """
    for key in (f"models/{name}", f"histories/{name}"):
        if _is_of_another(store, key, run):
            return key
    return None


def _is_of_another(store: ArtifactStore, key: str, run: str) -> bool:
    """Whether a whole artifact is there that holds results of another training."""
    try:
        artifact = store.open(key)
        if run and artifact.facts.get("run") == run:
            return False
        for name in artifact.manifest.files:
            artifact.path(name)
        if key.startswith("histories/"):
            return artifact.read(file_name(key, "csv")).count(b"\n") > 1
    except UnreadableArtifact:
        raise
    except (MissingArtifact, DamagedArtifact):
        return False
    except ArtifactError:  # a newer version's
        return True
    return True
