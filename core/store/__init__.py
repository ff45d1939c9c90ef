"""The artifact store: the only code that builds a path under `artifacts/`."""

from core.store.artifact import Artifact
from core.store.errors import (
    ArtifactError,
    DamagedArtifact,
    MissingArtifact,
    NewerArtifact,
    ReplacedArtifact,
    UnreadableArtifact,
)
from core.store.layout import ManifestState
from core.store.manifest import FileEntry, Manifest
from core.store.store import ArtifactStore

__all__ = [
    "Artifact",
    "ArtifactError",
    "ArtifactStore",
    "DamagedArtifact",
    "FileEntry",
    "Manifest",
    "ManifestState",
    "MissingArtifact",
    "NewerArtifact",
    "ReplacedArtifact",
    "UnreadableArtifact",
]
