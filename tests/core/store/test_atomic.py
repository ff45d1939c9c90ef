import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from core.store.atomic import is_stream, replace_file


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


def test_the_mode_of_a_replaced_file_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "private.bnk"
    for mode in (0o600, 0o755, 0o444):
        file.touch()
        file.chmod(mode)
        replace_file(file, b"new")
        assert stat.S_IMODE(file.stat().st_mode) == mode
        assert file.read_bytes() == b"new"
        file.unlink()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root")
def test_the_owner_of_a_replaced_file_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "theirs.bnk"
    file.touch()
    os.chown(file, 12345, 12345)
    replace_file(file, b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12345)


def test_the_target_of_a_link_is_written_and_the_link_kept(tmp_path: Path) -> None:
    target, link, chain = tmp_path / "target", tmp_path / "folder" / "link", tmp_path / "chain"
    link.parent.mkdir()
    link.symlink_to("../target")
    chain.symlink_to(link)
    for content in (b"first", b"second"):  # a link that leads nowhere yet, then one to a file
        replace_file(chain, content)
        assert target.read_bytes() == content
        assert chain.is_symlink()
        assert link.is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"target", "folder", "chain"}


def test_a_link_to_itself_is_refused_and_kept(tmp_path: Path) -> None:
    link = tmp_path / "loop"
    link.symlink_to(link)
    with pytest.raises(OSError, match="symbolic links"):
        replace_file(link, b"new")
    assert link.is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("by_link", [False, True])
def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path: Path, by_link: bool) -> None:
    pipe, name = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    name.symlink_to(pipe)
    content, received = os.urandom(300_000), []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    replace_file(name if by_link else pipe, content)
    reader.join(timeout=30)
    assert received == [content]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert name.is_symlink()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs sockets in folders")
def test_a_socket_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket may have 108 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(OSError, match="No such device"):
            replace_file(tmp_path / "socket", b"new")
        assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_an_open_descriptor_is_appended_to(tmp_path: Path) -> None:
    with (tmp_path / "output").open("wb") as file:
        descriptor = Path(f"/proc/self/fd/{file.fileno()}")
        link = tmp_path / "link"
        link.symlink_to(descriptor)
        before = (tmp_path / "output").stat().st_ino
        for path in (descriptor, link):
            assert is_stream(path)
            replace_file(path, b"new")
    assert (tmp_path / "output").read_bytes() == b"newnew"
    assert (tmp_path / "output").stat().st_ino == before
