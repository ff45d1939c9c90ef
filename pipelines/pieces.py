"""Long work in pieces: each is kept as soon as it is finished, so that a later run goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.store import ArtifactError, ArtifactStore


@dataclass(frozen=True)
class Pieces:
    """The finished pieces of one piece of work, in the store's cache.

    Attributes:
        store: Where they are kept.
        folder: Prefix of their keys, such as `cache/evaluate/imagenette160/jpeg/`.
        fingerprint: Digest of what the work depends on; pieces of another one are not used.
    """

    store: ArtifactStore
    folder: str
    fingerprint: str

    def keep(self, name: str, data: bytes, **facts: Any) -> None:
        """Stores a finished piece.

        Args:
            name: Name of the piece.
            data: What it gave, a Parquet file.
            facts: What is worth knowing of it, as JSON values.
        """
        facts = {"fingerprint": self.fingerprint, **facts}
        self.store.commit(self.folder + name, {_file(name): data}, facts=facts)

    def is_kept(self, name: str, **facts: Any) -> bool:
        """Whether a whole piece of this work is kept, with these facts."""
        try:
            known = self.facts(name)
            self.store.path(self.folder + name, _file(name))
        except ArtifactError:
            return False
        wanted = {"fingerprint": self.fingerprint, **facts}
        return all(known.get(fact) == value for fact, value in wanted.items())

    def read(self, name: str) -> bytes:
        """What a kept piece gave.

        Raises:
            ArtifactError: It is not kept, or damaged.
        """
        return self.store.read(self.folder + name, _file(name))

    def facts(self, name: str) -> Mapping[str, Any]:
        """Facts of a kept piece.

        Raises:
            ArtifactError: It is not kept, or damaged.
        """
        return self.store.manifest(self.folder + name).facts

    def discard(self) -> None:
        """Removes all pieces, also those of another fingerprint."""
        for key in self.store.keys(self.folder):
            self.store.delete(key)


def _file(name: str) -> str:
    return f"{name}.parquet"
