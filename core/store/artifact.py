"""Reading from the artifact store: a snapshot of an artifact, verified file by file."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from core.store.atomic import digest
from core.store.commit import finish, locked
from core.store.errors import (
    ArtifactError,
    DamagedArtifact,
    MissingArtifact,
    ReplacedArtifact,
)
from core.store.key import file_name
from core.store.layout import ArtifactPaths
from core.store.manifest import FileEntry, Manifest

#: How long a reader waits for a commit that is just moving its files.
_READER_PATIENCE_SECONDS = 5.0

_Answer = TypeVar("_Answer")
_Check = Callable[[Path, FileEntry], _Answer | None]


@dataclass(frozen=True)
class Artifact:
    """A snapshot of an artifact.

    Every file is verified against the one manifest, so facts and files belong together. Nothing
    is kept open: a file that was replaced since is refused with `ReplacedArtifact`.

    Attributes:
        paths: Its paths.
        manifest: Its manifest.
    """

    paths: ArtifactPaths
    manifest: Manifest

    @property
    def key(self) -> str:
        """Key of the artifact."""
        return self.manifest.key

    @property
    def facts(self) -> Mapping[str, Any]:
        """Metadata that the step that made the artifact recorded."""
        return self.manifest.facts

    def file(self, ending: str) -> str:
        """Name of the file `<last part of the key>.<ending>`."""
        return file_name(self.key, ending)

    def read(self, name: str) -> bytes:
        """Content of a file, verified.

        Raises:
            ArtifactError: The file is missing, damaged or replaced.
        """
        return self._verified(name, _content)

    def path(self, name: str, *, verify: bool = True) -> Path:
        """Path of a file, verified.

        Args:
            name: The file.
            verify: Whether to check the content; without, only existence and size are checked,
                which suits large arrays that are mapped into memory.

        Raises:
            ArtifactError: The file is missing, damaged or replaced.
        """
        return self._verified(name, _path_of_content if verify else _path_of_size)

    def parsed(self, name: str, parse: Callable[[bytes], _Answer], *, reason: str) -> _Answer:
        """What `parse` makes of a file.

        Args:
            name: The file.
            parse: May raise any exception for content that it does not understand.
            reason: What is wrong with the file then, such as "is not a table of results".

        Raises:
            ArtifactError: The file cannot be read, or `parse` raised.
        """
        data = self.read(name)
        try:
            return parse(data)
        except ArtifactError:
            raise
        except Exception as error:  # parsers of other libraries raise any exception
            raise self.damaged(name, reason) from error

    def damaged(self, name: str, reason: str) -> DamagedArtifact:
        """Error that says that a file has the right digest but the wrong content."""
        return DamagedArtifact(self.key, self._shown(name), reason, self.paths.root)

    def damaged_facts(self, reason: str) -> DamagedArtifact:
        """Error that says that the facts of the manifest are not those of its kind."""
        shown = self.paths.shown(self.paths.manifest)
        return DamagedArtifact(self.key, shown, reason, self.paths.root)

    def _shown(self, name: str) -> str:
        return self.paths.shown(self.paths.final(name))

    def _verified(self, name: str, check: _Check[_Answer]) -> _Answer:
        """Result of `check` at the first of the file's two paths where it succeeds."""
        paths, final = self.paths, self.paths.final(name)
        entry = self.manifest.files.get(name)
        if entry is None:
            reason = f"is not a file of {self.key}"
            raise MissingArtifact(self.key, self._shown(name), reason, paths.root)
        waiting = paths.waiting(name, entry)
        if waiting.exists():
            _settle(paths)
        for candidate in (waiting, final):
            answer = _checked(paths, candidate, entry, check)
            if answer is not None:
                return answer
        # Under an unchanged manifest the file was at one of the two paths, whatever moved
        # between them meanwhile.
        if paths.load_manifest() != self.manifest:
            raise ReplacedArtifact(self.key, self._shown(name), "was replaced", paths.root)
        raise _refusal(paths, final, entry)


def _settle(paths: ArtifactPaths) -> None:
    """Waits for a commit that is moving its files, or finishes one that was cut short."""
    # A reader that may not write, or that waited long enough, reads the file where it waits.
    with suppress(OSError), locked(paths, timeout=_READER_PATIENCE_SECONDS):
        finish(paths)


def _checked(
    paths: ArtifactPaths, candidate: Path, entry: FileEntry, check: _Check[_Answer]
) -> _Answer | None:
    try:
        return check(candidate, entry)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise paths.unreadable(candidate, error) from error


def _content(candidate: Path, entry: FileEntry) -> bytes | None:
    with candidate.open("rb") as file:
        if digest(file) != entry.sha256:
            return None
        file.seek(0)
        return file.read()


def _path_of_content(candidate: Path, entry: FileEntry) -> Path | None:
    with candidate.open("rb") as file:
        return candidate if digest(file) == entry.sha256 else None


def _path_of_size(candidate: Path, entry: FileEntry) -> Path | None:
    return candidate if candidate.stat().st_size == entry.bytes else None


def _refusal(paths: ArtifactPaths, final: Path, entry: FileEntry) -> ArtifactError:
    key, shown = paths.key, paths.shown(final)
    if not final.exists():
        return MissingArtifact(key, shown, "does not exist", paths.root)
    size = final.stat().st_size
    if size != entry.bytes:
        reason = f"is damaged: it has {size} bytes where its manifest says {entry.bytes}"
    else:
        reason = "is damaged: its content is not the one that its manifest names"
    return DamagedArtifact(key, shown, reason, paths.root)
