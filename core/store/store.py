"""The artifact store: the only way to anything under `artifacts/`.

An artifact is a set of named files and one manifest that carries their sizes and digests. It is
replaced as a whole, at one moment, and verified whenever it is read; `core.store.commit` says
how. Readers take no lock.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock

from core.store import commit as artifact_commit
from core.store.atomic import digest
from core.store.key import MANIFEST_SUFFIX, check_file_name, is_key
from core.store.layout import ManifestState, Places
from core.store.manifest import (
    ArtifactError,
    DamagedArtifact,
    FileEntry,
    Manifest,
    MissingArtifact,
    NewerArtifact,
)

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

#: How long a reader waits for a commit that is just moving its files.
_READER_PATIENCE_SECONDS = 5.0

_Answer = TypeVar("_Answer")
_Check = Callable[[Path, FileEntry], _Answer | None]


class ArtifactStore:
    """Artifacts below one folder, replaced atomically and verified when read.

    Every method that takes a key or a file name raises ValueError for one that is not allowed.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = ArtifactStore(Path(folder))
        ...     committed = store.commit("cache/demo/a", {"a.txt": b"content"}, facts={"rows": 1})
        ...     store.keys("cache/"), store.read("cache/demo/a", "a.txt"), committed.facts["rows"]
        (['cache/demo/a'], b'content', 1)
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()

    @classmethod
    def default(cls) -> "ArtifactStore":
        """Store in the folder that BOTTLENECK_ARTIFACTS names, else in the repository's own."""
        chosen = os.environ.get("BOTTLENECK_ARTIFACTS")
        return cls(Path(chosen) if chosen else Path(__file__).resolve().parents[2] / "artifacts")

    def exists(self, key: str) -> bool:
        """Whether the artifact was committed; its files may still be missing or damaged."""
        return self._places(key).manifest.is_file()

    def keys(self, prefix: str = "") -> list[str]:
        """Keys of the committed artifacts that start with `prefix`, in alphabetical order."""
        folder = self.root / prefix.rpartition("/")[0]
        paths = (path.relative_to(self.root) for path in folder.rglob(f"*{MANIFEST_SUFFIX}"))
        keys = (path.as_posix().removesuffix(MANIFEST_SUFFIX) for path in paths)
        return sorted(key for key in keys if is_key(key) and key.startswith(prefix))

    def manifest(self, key: str) -> Manifest:
        """Manifest of an artifact.

        Raises:
            MissingArtifact: There is no such artifact.
            DamagedArtifact: The manifest is not as it was written.
            NewerArtifact: A newer version of this program wrote it.
        """
        return self._places(key).load_manifest()

    def state(self, key: str) -> ManifestState:
        """What every commit of an artifact changes; much faster than its manifest.

        Raises:
            MissingArtifact: There is no such artifact.
            DamagedArtifact: The disk does not give it.
        """
        return self._places(key).state()

    def read(self, key: str, name: str) -> bytes:
        """Content of a file, verified.

        Raises:
            ArtifactError: As `manifest`, and for the file itself.
        """
        return self._verified(key, name, _content)

    def path(self, key: str, name: str, *, verify: bool = True) -> Path:
        """Path of a file, verified.

        Args:
            key: The artifact.
            name: The file.
            verify: Whether to check the content; without, only existence and size are checked,
                which suits large arrays that are mapped into memory.

        Raises:
            ArtifactError: As `manifest`, and for the file itself.
        """
        return self._verified(key, name, _path_of_content if verify else _path_of_size)

    def commit(
        self, key: str, files: Mapping[str, bytes | Path], *, facts: Mapping[str, Any]
    ) -> Manifest:
        """Replaces an artifact as a whole; whatever fails, the old or the new one stays readable.

        Args:
            key: The artifact.
            files: Content of each file by its name: bytes, or a path inside `staging(key)`, which
                is moved.
            facts: What is worth knowing of the artifact, as JSON values.

        Raises:
            ValueError: A path lies outside the staging folder, or a fact is NaN or infinite.
            TypeError: A fact is not a JSON value.
            NewerArtifact: A newer version of this program wrote the artifact in this place.
            OSError: The disk refuses, for example because it is full.
        """
        places = self._places(key)
        for name, content in files.items():
            check_file_name(key, name)
            if isinstance(content, Path):
                _check_staged(places, content)
        with self.lock(key):
            return artifact_commit.replace(places, files, facts)

    def delete(self, key: str) -> None:
        """Removes an artifact, a damaged one too; one that does not exist is removed already."""
        if self.exists(key):
            with _locked(self._places(key)):
                artifact_commit.remove(self._places(key))

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Keeps every other process and thread from writing the artifact; may be nested."""
        places = self._places(key)
        with _locked(places):
            artifact_commit.finish(places)
            yield

    @contextmanager
    def staging(self, key: str) -> Iterator[Path]:
        """Fresh folder on the store's own disk for large files that `commit` then moves."""
        places = self._places(key)
        with self.lock(key):
            folder = Path(tempfile.mkdtemp(prefix=places.staging_prefix, dir=places.folder))
            owner = FileLock(folder / artifact_commit.STAGING_LOCK)
            owner.acquire()
        try:
            yield folder
        finally:
            owner.release()
            shutil.rmtree(folder, ignore_errors=True)

    def _places(self, key: str) -> Places:
        return Places(self.root, key)

    def _verified(self, key: str, name: str, check: _Check[_Answer]) -> _Answer:
        """Answer of `check` at the first of the file's places where it has one."""
        places = self._places(key)
        final = places.final(name)
        while True:
            manifest = places.load_manifest()
            if name not in manifest.files:
                raise MissingArtifact(key, places.shown(final), f"is not a file of {key}")
            entry = manifest.files[name]
            waiting = places.waiting(name, entry)
            if waiting.exists():
                _settle(places)
            for place in (waiting, final):
                answer = _checked(places, place, entry, check)
                if answer is not None:
                    return answer
            # Under an unchanged manifest the file was at one of the two places, whatever moved
            # between them meanwhile; under a changed one the search starts again.
            if places.load_manifest() == manifest:
                raise _refusal(places, final, entry)


@contextmanager
def _locked(places: Places, *, timeout: float = -1) -> Iterator[None]:
    places.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(places.lock, is_singleton=True).acquire(timeout=timeout):
        yield


def _settle(places: Places) -> None:
    """Waits for a commit that is moving its files, or finishes one that was cut short."""
    # A reader that may not write, or that waited long enough, reads the file where it waits.
    with suppress(OSError), _locked(places, timeout=_READER_PATIENCE_SECONDS):
        artifact_commit.finish(places)


def _check_staged(places: Places, source: Path) -> None:
    folders = [path for path in source.absolute().parents if path.parent == places.folder]
    if ".." in source.parts or not any(
        path.name.startswith(places.staging_prefix) for path in folders
    ):
        raise ValueError(f"A path to commit lies in staging({places.key!r}); received {source}.")


def _checked(
    places: Places, place: Path, entry: FileEntry, check: _Check[_Answer]
) -> _Answer | None:
    try:
        return check(place, entry)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
        raise DamagedArtifact(places.key, places.shown(place), reason) from error


def _content(place: Path, entry: FileEntry) -> bytes | None:
    with place.open("rb") as file:
        if digest(file) != entry.sha256:
            return None
        file.seek(0)
        return file.read()


def _path_of_content(place: Path, entry: FileEntry) -> Path | None:
    with place.open("rb") as file:
        return place if digest(file) == entry.sha256 else None


def _path_of_size(place: Path, entry: FileEntry) -> Path | None:
    return place if place.stat().st_size == entry.bytes else None


def _refusal(places: Places, final: Path, entry: FileEntry) -> ArtifactError:
    if not final.exists():
        return MissingArtifact(places.key, places.shown(final), "does not exist")
    size = final.stat().st_size
    if size != entry.bytes:
        reason = f"is damaged: it has {size} bytes where its manifest says {entry.bytes}"
    else:
        reason = "is damaged: its content is not the one that its manifest names"
    return DamagedArtifact(places.key, places.shown(final), reason)
