"""However many files visitors send, the server keeps a bounded number of bytes."""

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from dashboard.data import upload_storage
from dashboard.data.upload_storage import bound


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> MemoryUploadedFileManager:
    monkeypatch.setattr(upload_storage, "MAX_VISITOR_BYTES", 50_000)
    monkeypatch.setattr(upload_storage, "MAX_BYTES", 120_000)
    storage = MemoryUploadedFileManager("/upload")
    bound(storage)
    return storage


def _add(storage: MemoryUploadedFileManager, visitor: str, name: str, size: int = 9_000) -> None:
    storage.add_file(visitor, UploadedFileRec(name, name, "image/png", bytes(size)))


def _bytes(storage: MemoryUploadedFileManager) -> int:
    return sum(len(file.data) for files in storage.file_storage.values() for file in files.values())


def test_the_oldest_files_of_a_visitor_make_room_for_his_new_ones(
    storage: MemoryUploadedFileManager,
) -> None:
    for number in range(40):
        _add(storage, "a", f"{number}")
    kept = storage.get_files("a", [f"{number}" for number in range(40)])
    assert [file.file_id for file in kept] == ["35", "36", "37", "38", "39"]


def test_all_visitors_together_are_bounded_and_the_greediest_gives_way(
    storage: MemoryUploadedFileManager,
) -> None:
    _add(storage, "modest", "only")
    for visitor in "abcde":
        for number in range(10):
            _add(storage, visitor, f"{number}")
            assert _bytes(storage) <= 120_000
    assert storage.get_files("modest", ["only"])


def test_files_of_no_content_are_bounded_too(storage: MemoryUploadedFileManager) -> None:
    for number in range(500):
        _add(storage, "a", f"{number}", size=0)
    assert len(storage.file_storage["a"]) == 50


def test_a_file_that_is_sent_again_takes_its_own_place(storage: MemoryUploadedFileManager) -> None:
    for _ in range(3):
        _add(storage, "a", "same", size=20_000)
    assert _bytes(storage) == 20_000
