"""The artifact store: the only code that builds a path under `artifacts/`."""

from core.store.layout import ManifestState
from core.store.manifest import (
    ArtifactError,
    DamagedArtifact,
    FileEntry,
    Manifest,
    MissingArtifact,
    NewerArtifact,
)
from core.store.store import ArtifactStore

__all__ = [
    "ArtifactError",
    "ArtifactStore",
    "DamagedArtifact",
    "FileEntry",
    "Manifest",
    "ManifestState",
    "MissingArtifact",
    "NewerArtifact",
]
