"""A trained model in the store: its files, and detection of their changes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from core.store import Artifact, ArtifactStore, DamagedArtifact, ManifestState

_Parsed = TypeVar("_Parsed")


def model_key(name: str) -> str:
    """Artifact of a trained model."""
    return f"models/{name}"


@dataclass(frozen=True)
class ModelFiles:
    """The files of one state of a trained model.

    Attributes:
        name: Name of the model, and of the folder of its files.
        artifact: The state.
    """

    name: str
    artifact: Artifact

    def sha256(self, file: str) -> bytes:
        """Digest of a file that the manifest states, without reading the file.

        Raises:
            DamagedArtifact: The model has no such file.
        """
        entry = self.artifact.manifest.files.get(f"{self.name}/{file}")
        if entry is None:
            raise self.damaged(file, "is missing")
        return bytes.fromhex(entry.sha256)

    def has(self, file: str) -> bool:
        """Whether the model has a file."""
        return f"{self.name}/{file}" in self.artifact.manifest.files

    def read(self, file: str, parse: Callable[[bytes], _Parsed]) -> _Parsed:
        """What `parse` makes of a file.

        Raises:
            ArtifactError: The file is missing or damaged, or `parse` does not understand it.
        """
        name = f"{self.name}/{file}"
        return self.artifact.parsed(name, parse, reason="is not one that this program can use")

    def damaged(self, file: str, reason: str) -> DamagedArtifact:
        """Error that says what is wrong with a file."""
        return self.artifact.damaged(f"{self.name}/{file}", reason)


class ModelState(NamedTuple):
    """Cache key of a model: differs after every commit and every change of a file.

    Attributes:
        manifest: State of its manifest.
        files: States of its files.
    """

    manifest: ManifestState
    files: tuple[ManifestState | None, ...]

    @classmethod
    def of(cls, name: str, store: ArtifactStore) -> "ModelState":
        """State of a model's files on the disk.

        Raises:
            ArtifactError: The model is missing or damaged.
        """
        key = model_key(name)
        manifest = store.state(key)
        return cls(manifest, store.file_states(key, _file_names(store.root, key, manifest)))


@lru_cache(maxsize=64)
def _file_names(root: Path, key: str, _: ManifestState) -> tuple[str, ...]:
    return tuple(sorted(ArtifactStore(root).manifest(key).files))
