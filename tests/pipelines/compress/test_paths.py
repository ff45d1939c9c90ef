"""Paths on the command line: patterns, odd names, links, folders that may not be read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.png import encode_png
from pipelines.base import UserError
from pipelines.file_plan import plan
from tests.pipelines.compress.compress_runs import (
    GOLDEN,
    IMAGE,
    is_one_line,
    names_in,
    run_compress,
    run_decompress,
)

WEBP = ("--codec", "webp")
PLANNED = {"suffix": ".webp", "accepted": frozenset({".png"}), "example": "a b"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two images in a folder of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "in" / name).write_bytes(encode_png(IMAGE[:9, :9]))
    return tmp_path


def test_a_file_beside_the_inputs_that_nobody_named_is_kept(folder: Path, capsys) -> None:
    (folder / "in" / "a.webp").write_bytes(b"a person's own")
    assert run_compress("in/*.png", "in", *WEBP) == 2
    assert "in/a.webp would be replaced; name another folder" in capsys.readouterr().err
    assert names_in(folder / "in") == ["a.png", "a.webp", "b.png"]
    assert run_compress("in/*.png", "in", *WEBP, "--dry-run") == 2
    assert (folder / "in" / "a.webp").read_bytes() == b"a person's own"
    assert run_compress("in/*.png", "in", *WEBP, "--replace") == 0
    assert (folder / "in" / "a.webp").read_bytes().startswith(b"RIFF")
    assert run_decompress("in/*.webp", "in") == 2
    assert "in/a.png and 1 more would be replaced" in capsys.readouterr().err


def test_originals_are_replaced_by_what_is_decompressed_if_that_is_asked_for(
    folder: Path, capsys
) -> None:
    original = (folder / "in" / "a.png").read_bytes()
    assert run_compress("in", "small", *WEBP, "--quality", "5") == 0
    for flags in ((), ("--dry-run",)):
        assert run_decompress("small", "in", *flags) == 2
        message = "in/a.png and 1 more would be replaced; name another folder"
        assert is_one_line(capsys.readouterr().err, message, "--replace")
    assert (folder / "in" / "a.png").read_bytes() == original
    assert run_decompress("small", "in", "--replace") == 0
    assert (folder / "in" / "a.png").read_bytes() != original


def test_a_file_of_an_earlier_run_in_another_folder_is_replaced_and_that_is_told(
    folder: Path, capsys
) -> None:
    assert run_compress("in", "out", *WEBP) == 0
    assert "earlier file" not in capsys.readouterr().out
    assert run_compress("in", "out", *WEBP) == 0
    first, second, _ = capsys.readouterr().out.splitlines()
    assert first.endswith("in place of an earlier file")
    assert second.endswith("in place of an earlier file")


def test_a_pattern_that_matches_one_file_goes_into_a_folder_too(folder: Path) -> None:
    assert run_compress("in/a*", "out", *WEBP) == 0
    assert names_in(folder / "out") == ["a.webp"]


def test_a_dash_behind_a_dot_is_a_file(folder: Path) -> None:
    (folder / "-").write_bytes((folder / "in" / "a.png").read_bytes())
    assert run_compress("./-", "x.webp", *WEBP) == 0
    assert run_compress("in/a.png", "./-", *WEBP) == 0
    assert (folder / "-").read_bytes() == (folder / "x.webp").read_bytes()
    (only,) = plan(["?", "out"], **PLANNED)
    assert only.source == folder / "-"


@pytest.mark.parametrize("words", [("", "out"), ("in/a.png", "")])
def test_an_empty_path_is_refused(folder: Path, words: tuple[str, str], capsys) -> None:
    assert run_compress(*words) == 2
    assert is_one_line(capsys.readouterr().err, "A path is empty")
    assert names_in(folder) == ["in"]


def test_a_folder_that_is_a_link_to_itself_is_one_line(folder: Path, capsys) -> None:
    (folder / "loop").symlink_to("loop")
    assert run_compress("in", "loop", *WEBP) == 2
    assert "loop/a.webp cannot be written: " in capsys.readouterr().err


def test_outputs_that_are_links_to_one_file_are_refused(folder: Path, capsys) -> None:
    (folder / "out").mkdir()
    for name in ("a.webp", "b.webp"):
        (folder / "out" / name).symlink_to("real")
    assert run_compress("in", "out", *WEBP) == 2
    assert is_one_line(capsys.readouterr().err, "links to", "real")
    assert not (folder / "out" / "real").exists()


def test_a_folder_that_cannot_be_read_is_told_unless_it_is_hidden(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("private", ".trash"):
        (folder / "in" / name).mkdir()
    scandir = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith(("private", ".trash")):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(UserError, match=r"in/private cannot be read: Permission denied\."):
        plan(["in", "out"], **PLANNED)
    (folder / "in" / "private").rename(folder / "in" / ".private")
    assert len(plan(["in", "out"], **PLANNED)) == 2


def test_names_that_the_terminal_cannot_show_are_escaped(folder: Path) -> None:
    for name in (b"b\xff.png", "\u00e9.png".encode()):
        (folder / os.fsdecode(name)).write_bytes(encode_png(IMAGE[:9, :9]))
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", "compress", *WEBP, str(folder), str(folder / "out")],
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert rb"b\udcff.webp" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(b"4 files")


def test_closed_standard_streams_are_one_line(folder: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert run_compress("-", "x.webp", *WEBP) == 2
    assert is_one_line(capsys.readouterr().err, "The standard input is closed")
    monkeypatch.setattr(sys, "stdout", None)
    assert run_compress("in/a.png", "-", *WEBP) == 2
    assert is_one_line(capsys.readouterr().err, "The standard output is closed")


def test_a_folder_below_a_file_is_one_sentence(folder: Path, capsys) -> None:
    assert run_compress("in", "in/a.png/out", *WEBP) == 2
    assert "in/a.png/out/a.webp cannot be written: Not a directory." in capsys.readouterr().err


def test_a_named_codec_takes_the_files_of_its_format_alone(folder: Path) -> None:
    assert run_compress("in/a.png", "in/a.webp") == 0
    (folder / "in" / "odd.bnk").write_bytes((GOLDEN / "streams" / "odd_50.bnk").read_bytes())
    assert run_decompress("in", "out", *WEBP) == 0
    assert names_in(folder / "out") == ["a.png"]
