"""Resumable work in pieces: each is stored as soon as it is finished."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.store import ArtifactError, ArtifactStore


@dataclass(frozen=True)
class Pieces:
    """The finished pieces of one task, in the store's cache.

    Attributes:
        store: Where they are kept.
        folder: Prefix of their keys, such as `cache/evaluate/imagenette160/jpeg/`.
        fingerprint: Digest of the work's inputs; pieces with another fingerprint are not used.
    """

    store: ArtifactStore
    folder: str
    fingerprint: str

    def keep(self, name: str, data: bytes, **facts: Any) -> None:
        """Stores a finished piece.

        Args:
            name: Name of the piece.
            data: Its result, a Parquet file.
            facts: Its metadata, as JSON values.
        """
        facts = {"fingerprint": self.fingerprint, **facts}
        self.store.commit(self.folder + name, {_file(name): data}, facts=facts)

    def is_kept(self, name: str, **facts: Any) -> bool:
        """Whether an intact piece with these facts is stored."""
        try:
            known = self.facts(name)
            self.store.path(self.folder + name, _file(name))
        except ArtifactError:
            return False
        wanted = {"fingerprint": self.fingerprint, **facts}
        return all(known.get(fact) == value for fact, value in wanted.items())

    def read(self, name: str) -> bytes:
        """Result of a stored piece.

        Raises:
            ArtifactError: It is missing or damaged.
        """
        return self.store.read(self.folder + name, _file(name))

    def facts(self, name: str) -> Mapping[str, Any]:
        """Facts of a stored piece.

        Raises:
            ArtifactError: It is missing or damaged.
        """
        return self.store.manifest(self.folder + name).facts

    def discard(self) -> None:
        """Removes all pieces, also those of another fingerprint."""
        for key in self.store.keys(self.folder):
            self.store.delete(key)


def _file(name: str) -> str:
    return f"{name}.parquet"
