from pathlib import Path

import pytest

from core.store.atomic import replace_file


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    for content in (b"old", b"a longer new one", b""):
        replace_file(file, content)
        assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


def test_a_refused_file_leaves_nothing_behind(tmp_path: Path) -> None:
    taken = tmp_path / "report.html"
    taken.mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(taken, b"new")
    assert list(tmp_path.iterdir()) == [taken]
