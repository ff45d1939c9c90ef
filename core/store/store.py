"""The artifact store: the only way to anything under `artifacts/`.

An artifact is a set of named files and one manifest that carries their sizes and digests. It is
replaced as a whole, at one moment, and verified whenever it is read; `core.store.commit` says
how. Readers take no lock.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from core.store import commit as artifact_commit
from core.store.artifact import Artifact
from core.store.commit import locked
from core.store.errors import DEFAULT_ROOT, ReplacedArtifact, shown_path
from core.store.key import MANIFEST_SUFFIX, check_file_name, is_key, last_part
from core.store.layout import ArtifactPaths, ManifestState
from core.store.manifest import Manifest

_Answer = TypeVar("_Answer")


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
        return cls(Path(chosen) if chosen else DEFAULT_ROOT)

    def exists(self, key: str) -> bool:
        """Whether the artifact was committed; its files may still be missing or damaged."""
        return self._paths(key).manifest.is_file()

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
        return self._paths(key).load_manifest()

    def state(self, key: str) -> ManifestState:
        """Cache key that every commit of an artifact changes; faster than reading the manifest.

        Raises:
            MissingArtifact: There is no such artifact.
            DamagedArtifact: The disk does not give it.
        """
        return self._paths(key).state()

    def open(self, key: str) -> Artifact:
        """One state of an artifact: its facts and its files, verified against one manifest.

        >>> artifact = ArtifactStore.default().open("models/ae20")
        >>> artifact.facts["model"], "ae20/card.json" in artifact.manifest.files
        ('ae20', True)

        Raises:
            ArtifactError: As `manifest`.
        """
        paths = self._paths(key)
        return Artifact(paths, paths.load_manifest())

    def load(self, key: str, use: Callable[[Artifact], _Answer]) -> _Answer:
        """What `use` makes of one state of an artifact.

        Args:
            key: The artifact.
            use: Reads what it needs; called again when a writer replaced the artifact meanwhile.

        Raises:
            ArtifactError: As `manifest`, and for the files that are read.
        """
        while True:
            try:
                return use(self.open(key))
            except ReplacedArtifact:
                continue

    def file_states(self, key: str, names: Iterable[str]) -> tuple[ManifestState | None, ...]:
        """Cache keys of files of an artifact, changed by every change of a file; None if missing.

        Much faster than reading them: a process that keeps what it made of the files sees by it
        that they were replaced or damaged since.
        """
        return tuple(self._paths(key).file_state(name) for name in names)

    def read(self, key: str, name: str) -> bytes:
        """Content of a file, verified.

        Raises:
            ArtifactError: As `manifest`, and for the file itself.
        """
        return self.load(key, lambda artifact: artifact.read(name))

    def path(self, key: str, name: str, *, verify: bool = True) -> Path:
        """Path of a file, verified.

        Args:
            key: The artifact.
            name: The file.
            verify: As for `Artifact.path`.

        Raises:
            ArtifactError: As `manifest`, and for the file itself.
        """
        return self.load(key, lambda artifact: artifact.path(name, verify=verify))

    def shown(self, file: str) -> str:
        """Path of a file of the store as messages name it.

        Args:
            file: The file, relative to the artifacts folder.
        """
        return shown_path(self.root, file)

    def commit(
        self, key: str, files: Mapping[str, bytes | Path], *, facts: Mapping[str, Any]
    ) -> Manifest:
        """Replaces an artifact as a whole; whatever fails, the old or the new one stays readable.

        Args:
            key: The artifact.
            files: Content of each file by its name: bytes, or a path inside `staging(key)`, which
                is moved.
            facts: Metadata of the artifact, as JSON values.

        Raises:
            ValueError: A path lies outside the staging folder, or a fact is NaN or infinite.
            TypeError: A fact is not a JSON value.
            NewerArtifact: A newer version of this program wrote the artifact in this place.
            OSError: The disk refuses, for example because it is full.
        """
        paths = self._paths(key)
        for name, content in files.items():
            check_file_name(key, name)
            if isinstance(content, Path):
                _check_staged(paths, content)
        with self.lock(key):
            return artifact_commit.replace(paths, files, facts)

    def restate(self, key: str, facts: Mapping[str, Any]) -> Manifest:
        """Replaces the facts alone; files, time of the commit and provenance stay as they were.

        Raises:
            ArtifactError: There is no such artifact, or its manifest is damaged.
        """
        paths = self._paths(key)
        with self.lock(key):
            return artifact_commit.restate(paths, facts)

    def leave_out(self, key: str, names: Collection[str]) -> Manifest:
        """Removes some files of an artifact; all else of it stays as it was, its time included.

        Args:
            key: The artifact.
            names: Names of the files, with the artifact's folder.

        Raises:
            ValueError: The artifact has no such file.
            ArtifactError: There is no such artifact, or its manifest is damaged.
        """
        paths = self._paths(key)
        with self.lock(key):
            if unknown := sorted(set(names) - set(paths.load_manifest().files)):
                raise ValueError(f"{key} has no file {unknown[0]}.")
            return artifact_commit.leave_out(paths, names)

    def delete(self, key: str) -> None:
        """Removes an artifact, a damaged one too; one that does not exist is removed already."""
        if self.exists(key):
            with locked(self._paths(key)):
                artifact_commit.remove(self._paths(key))

    def clear_leftovers(self, prefix: str) -> None:
        """Removes what killed writers left of artifacts that were not committed after all.

        Args:
            prefix: Folder of their keys with its slash; nobody else may be writing there.
        """
        kept = {last_part(key) for key in self.keys(prefix)}
        artifact_commit.clear_leftovers(self.root / prefix, kept)

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Keeps every other process and thread from writing the artifact; may be nested."""
        paths = self._paths(key)
        with locked(paths):
            artifact_commit.finish(paths)
            yield

    @contextmanager
    def lock_if_free(self, key: str) -> Iterator[bool]:
        """Like `lock` without waiting: whether nobody else has the lock, which is then held."""
        paths = self._paths(key)
        with ExitStack() as held:
            try:
                held.enter_context(locked(paths, timeout=0))
            except Timeout:
                is_free = False
            else:
                is_free = True
                artifact_commit.finish(paths)
            yield is_free

    @contextmanager
    def staging(self, key: str) -> Iterator[Path]:
        """Fresh folder on the store's own disk for large files that `commit` then moves."""
        paths = self._paths(key)
        with self.lock(key):
            folder = Path(tempfile.mkdtemp(prefix=paths.staging_prefix, dir=paths.folder))
            owner = FileLock(folder / artifact_commit.STAGING_LOCK)
            owner.acquire()
        try:
            yield folder
        finally:
            owner.release()
            shutil.rmtree(folder, ignore_errors=True)

    def _paths(self, key: str) -> ArtifactPaths:
        return ArtifactPaths(self.root, key)


def _check_staged(paths: ArtifactPaths, source: Path) -> None:
    folders = [path for path in source.absolute().parents if path.parent == paths.folder]
    if ".." in source.parts or not any(
        path.name.startswith(paths.staging_prefix) for path in folders
    ):
        raise ValueError(f"A path to commit lies in staging({paths.key!r}); received {source}.")
