"""Nothing that a person named is lost: inputs, links, pipes and outputs that exist."""

import os
import threading
from pathlib import Path

from tests.pipelines.compress.compress_runs import GOLDEN, names_in, run_compress, run_decompress


def test_a_full_disk_leaves_what_was_there(photo: Path, tmp_path, monkeypatch, capsys) -> None:
    file = tmp_path / "photo.bnk"
    file.write_bytes(b"older")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert run_compress(photo, file) == 2
    monkeypatch.undo()
    assert file.read_bytes() == b"older"
    assert names_in(tmp_path) == ["photo.bnk", "photo.png"]


def _other_names(folder: Path, name: str) -> list[Path]:
    """Names of the same file: plain, through `..`, by a link, by a hard link."""
    (folder / "sub").mkdir()
    (folder / "link.png").symlink_to(folder / name)
    os.link(folder / name, folder / "hard.png")
    return [
        folder / name,
        folder / "sub" / ".." / name,
        folder / "link.png",
        folder / "hard.png",
    ]


def test_the_input_is_never_overwritten_by_whatever_name(photo: Path, tmp_path, capsys) -> None:
    before = photo.read_bytes()
    for name in _other_names(tmp_path, "photo.png"):
        for run in (run_compress, run_decompress):
            assert run(photo, name) == 2
            assert run(name, photo) == 2
            assert "the input itself" in capsys.readouterr().err
    assert photo.read_bytes() == before


def test_a_link_in_the_place_of_the_output_is_kept(photo: Path, tmp_path) -> None:
    (tmp_path / "photo.bnk").symlink_to("real.bnk")
    assert run_compress(photo, tmp_path / "photo.bnk") == 0
    assert (tmp_path / "photo.bnk").is_symlink()
    (tmp_path / "back.png").symlink_to("real.png")
    assert run_decompress(tmp_path / "real.bnk", tmp_path / "back.png") == 0
    assert (tmp_path / "back.png").is_symlink()
    assert (tmp_path / "real.png").read_bytes().startswith(b"\x89PNG")


def test_a_pipe_in_the_place_of_the_output_is_written_into(photo: Path, tmp_path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    received: list[bytes] = []
    stream = GOLDEN / "streams" / "odd_50.bnk"
    ours = ("--codec", "bottleneck")
    for run, source, flags in ((run_compress, photo, ours), (run_decompress, stream, ())):
        reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
        reader.start()
        assert run(source, pipe, *flags) == 0
        reader.join(timeout=30)
        assert pipe.is_fifo()
    assert received[0][0] == 0xB5
    assert received[1].startswith(b"\x89PNG")
