"""Bounds the memory of all visitors' uploads.

Streamlit bounds the size of a file only: whoever has a page open may send as many as he likes,
asked for by no widget, and they are kept for a while after he left.
"""

from collections.abc import Iterator

from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileManager, UploadedFileRec

#: Bytes of all files of one visitor: what Compare takes at a time, and one file more.
MAX_VISITOR_BYTES = 120_000_000
#: Bytes of all files of all visitors.
MAX_BYTES = 400_000_000
#: What a file takes beside its content.
_OVERHEAD = 1_000


class BoundedUploads(MemoryUploadedFileManager):
    """Uploads of all visitors; the oldest of whoever has the most make room for a new one."""

    def add_file(self, session_id: str, file: UploadedFileRec) -> None:
        """Keeps a file, in the place of older ones where there is no room."""
        for owner, file_id in self._in_the_way(session_id, _size(file)):
            self.remove_file(owner, file_id)
        super().add_file(session_id, file)

    def _in_the_way(self, session_id: str, needed: int) -> Iterator[tuple[str, str]]:
        """Visitor and id of each file to remove before a file of so many bytes is added."""
        with self._lock:
            sizes = {
                owner: {file_id: _size(file) for file_id, file in files.items()}
                for owner, files in self.file_storage.items()
                if files
            }
        own = sizes.get(session_id, {})
        while own and sum(own.values()) + needed > MAX_VISITOR_BYTES:
            yield session_id, _pop_oldest(own)
        totals = {owner: sum(files.values()) for owner, files in sizes.items()}
        while (total := sum(totals.values())) and total + needed > MAX_BYTES:
            owner = max(totals, key=totals.__getitem__)
            yield owner, _pop_oldest(sizes[owner])
            totals[owner] = sum(sizes[owner].values())


def bound_uploads() -> None:
    """Bounds the uploads of the server that runs this; does nothing without a server."""
    if Runtime.exists():
        bound(Runtime.instance().uploaded_file_mgr)


def bound(storage: UploadedFileManager) -> None:
    """Bounds an upload storage in its place, for the server and its sessions hold on to it."""
    if type(storage) is MemoryUploadedFileManager:
        storage.__class__ = BoundedUploads


def _pop_oldest(sizes: dict[str, int]) -> str:
    oldest = next(iter(sizes))
    del sizes[oldest]
    return oldest


def _size(file: UploadedFileRec) -> int:
    return len(file.data) + _OVERHEAD
