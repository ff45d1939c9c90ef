"""Protects published models and histories from being overwritten by another training.

Every training has an identity that is stored in its checkpoints, its history and its published
model. A training overwrites only artifacts with its own identity; any other one, shipped or made by
the user, is replaced only on request.
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


def check_replaceable(store: ArtifactStore, name: str, run: str, *, goes_on: bool) -> str | None:
    """Artifact of another training that a training of this name would overwrite.

    A new training gives up the one whose checkpoints are here, but not what that one published.

    Args:
        store: Where the artifacts are.
        name: Name of the model.
        run: Identity of the training, from its checkpoints; empty if there are none yet.
        goes_on: Whether that training goes on, instead of a new one beginning.

    Returns:
        Key of the artifact, or None. Damaged artifacts and histories without a finished epoch may
        be overwritten and are not returned.

    Raises:
        ArtifactError: An artifact may be intact but cannot be read.
    """
    own = {f"models/{name}": run if goes_on else "", f"histories/{name}": run}
    for key, made_by in own.items():
        if _is_of_another(store, key, made_by):
            return key
    return None


def _is_of_another(store: ArtifactStore, key: str, run: str) -> bool:
    """Whether there is an intact artifact with results of another training."""
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
