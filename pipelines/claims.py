"""Work that only one process does at a time."""

import errno
from contextlib import ExitStack

from core.store import ArtifactStore


class Claims:
    """What this process works on; each claim is a lock that ends with the process.

    Pieces of work that are kept in the store are removed by the process that finishes it, so
    another one must not measure the same meanwhile.
    """

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._held: dict[str, ExitStack] = {}

    def take(self, key: str) -> bool:
        """Whether no other process works on this; it is then this one's until it is given back.

        Args:
            key: Key below which the pieces of the work are kept.
        """
        held = ExitStack()
        try:
            is_free = held.enter_context(self._store.lock_if_free(key))
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EROFS):
                raise
            is_free = True  # nobody can write here, so there is nothing to keep apart
        if is_free:
            self._held[key] = held
        return is_free

    def give_back(self, key: str) -> None:
        """Ends the claim to what was finished."""
        self._held.pop(key).close()

    def __enter__(self) -> "Claims":
        return self

    def __exit__(self, *_: object) -> None:
        for key in [*self._held]:
            self.give_back(key)
