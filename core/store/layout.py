"""Paths of the files that belong to one artifact."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.store.errors import DamagedArtifact, MissingArtifact, UnreadableArtifact
from core.store.key import MANIFEST_SUFFIX, check_file_name, check_key, last_part
from core.store.manifest import FileEntry, Manifest

#: A manifest is a few kilobytes; a larger file is not read into memory.
MAX_MANIFEST_BYTES = 16 << 20


class ManifestState(NamedTuple):
    """Cache key of a manifest: changes whenever the file is rewritten, damaged or repaired.

    Attributes:
        size: Its bytes.
        written: When it was written, in nanoseconds.
        identity: Number of its file.
    """

    size: int
    written: int
    identity: int


@dataclass(frozen=True)
class ArtifactPaths:
    """Paths of one artifact.

    Attributes:
        root: Artifacts folder.
        key: The artifact.
    """

    root: Path
    key: str

    def __post_init__(self) -> None:
        check_key(self.key)

    @property
    def folder(self) -> Path:
        """Folder that holds the manifest."""
        return (self.root / self.key).parent

    @property
    def manifest(self) -> Path:
        """The manifest, which exists exactly when the artifact was committed."""
        return self.folder / f"{self._last}{MANIFEST_SUFFIX}"

    @property
    def lock(self) -> Path:
        """File that writers lock."""
        return self.folder / f".{self._last}.lock"

    @property
    def unfinished_prefix(self) -> str:
        """Prefix of the names of files whose commit is not finished."""
        return f".tmp-{self._last}."

    @property
    def writing(self) -> Path:
        """File that is being written; there is one at a time, under the lock."""
        return self.folder / f"{self.unfinished_prefix}writing"

    @property
    def staging_prefix(self) -> str:
        """Prefix of the names of staging folders."""
        return f"{self.unfinished_prefix}staging."

    def final(self, name: str) -> Path:
        """Path of a file once its commit is finished."""
        return self.folder / check_file_name(self.key, name)

    def waiting(self, name: str, entry: FileEntry) -> Path:
        """Path of a complete file until its commit is finished."""
        flat = name.replace("/", "+")  # '+' occurs in no name
        return self.folder / f"{self.unfinished_prefix}{entry.sha256[:16]}.{flat}"

    def shown(self, path: Path) -> str:
        """Path relative to the artifacts folder."""
        return path.relative_to(self.root).as_posix()

    def load_manifest(self) -> Manifest:
        """Manifest of the artifact as it is now.

        Raises:
            ArtifactError: It is missing, damaged or of a newer version of this program.
        """
        with self._reading_manifest(), self.manifest.open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
        shown = self.shown(self.manifest)
        if len(data) > MAX_MANIFEST_BYTES:
            raise DamagedArtifact(self.key, shown, "is too large for a manifest", self.root)
        return Manifest.from_bytes(data, key=self.key, file=shown, root=self.root)

    def state(self) -> ManifestState:
        """State of the manifest's file, without reading it.

        Raises:
            ArtifactError: It is missing, or the disk does not give it.
        """
        with self._reading_manifest():
            found = self.manifest.stat()
        return ManifestState(found.st_size, found.st_mtime_ns, found.st_ino)

    def file_state(self, name: str) -> ManifestState | None:
        """State of a committed file without reading it; None where it is missing."""
        try:
            found = self.final(name).stat()
        except OSError:
            return None
        return ManifestState(found.st_size, found.st_mtime_ns, found.st_ino)

    @contextmanager
    def _reading_manifest(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            shown = self.shown(self.manifest)
            raise MissingArtifact(self.key, shown, "does not exist", self.root) from error
        except OSError as error:
            raise self.unreadable(self.manifest, error) from error

    def unreadable(self, path: Path, error: OSError) -> UnreadableArtifact:
        """Error that says that the operating system refuses to read a file."""
        reason = f"cannot be read ({error.strerror})"
        return UnreadableArtifact(self.key, self.shown(path), reason, self.root)

    @property
    def _last(self) -> str:
        return last_part(self.key)
