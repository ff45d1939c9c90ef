"""Folders, several files and patterns at the command line."""

import os
from pathlib import Path

import PIL.Image
import pytest

from pipelines.base import UserError
from pipelines.file_batch import Outcome, run_batch, unnamed_outputs
from pipelines.file_plan import Job
from tests.pipelines.compress.compress_runs import (
    IMAGE,
    in_a_process,
    run_compress,
    run_decompress,
)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder as people have them: sub-folders, two formats of one name, other files."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    PIL.Image.fromarray(IMAGE[:40, :50]).save(folder / "a.png")
    PIL.Image.fromarray(IMAGE[:40, :50]).save(folder / "a.jpg")
    PIL.Image.fromarray(IMAGE[:20, :30]).save(folder / "sub" / "b.png")
    PIL.Image.fromarray(IMAGE[:20, :30]).save(folder / ".hidden.png")
    (folder / "notes.txt").write_text("no image")
    return folder


def _relative(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_goes_to_a_folder_and_back(photos: Path, tmp_path, capsys, jobs: int) -> None:
    assert run_compress(photos, tmp_path / "small", "--jobs", jobs) == 0
    assert _relative(tmp_path / "small") == {"a.png.bnk", "a.jpg.bnk", "sub/b.bnk"}
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 4
    assert all("bits per pixel" in line for line in said[:3])
    sizes = sum(path.stat().st_size for path in (tmp_path / "small").rglob("*.bnk"))
    assert said[3].startswith("3 files: ")
    assert f"{sizes:,} written" in said[3]
    assert run_decompress(tmp_path / "small", tmp_path / "back", "--jobs", jobs) == 0
    assert _relative(tmp_path / "back") == {"a.png.png", "a.jpg.png", "sub/b.png"}


@pytest.mark.slow
def test_two_processes_share_a_folder_where_the_command_is_a_process_of_its_own(
    photos: Path, tmp_path
) -> None:
    words = (str(photos), str(tmp_path / "small"), "--codec", "webp", "--jobs", "2")
    done = in_a_process("compress", *words, data=b"")
    assert done.returncode == 0, done.stderr.decode()
    assert _relative(tmp_path / "small") == {"a.png.webp", "a.jpg.webp", "sub/b.webp"}
    assert done.stdout.decode().splitlines()[-1].startswith("3 files: ")


def test_several_files_and_patterns_go_into_a_folder(photos: Path, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(photos)
    (tmp_path / "out").mkdir()
    assert run_compress("a.png", tmp_path / "out") == 0
    assert run_compress("**/*.png", "--codec", "webp", tmp_path / "all") == 0
    assert _relative(tmp_path / "out") == {"a.bnk"}
    assert _relative(tmp_path / "all") == {"a.webp", "b.webp"}
    assert run_compress("a.png", "a.jpg", "--codec", "png", f"{tmp_path}/new/") == 0
    assert _relative(tmp_path / "new") == {"a.png.png", "a.jpg.png"}


def test_one_image_goes_into_a_folder_that_is_made(photos: Path, tmp_path, capsys) -> None:
    only, small, back = photos / "sub", tmp_path / "small", tmp_path / "back"
    assert run_compress(only, small, "--codec", "webp") == 0
    assert run_compress(only / "b.png", f"{tmp_path}/new/deep/", "--codec", "webp") == 0
    assert _relative(small) == {"b.webp"}
    assert _relative(tmp_path / "new") == {"deep/b.webp"}
    assert run_decompress(small, back) == 0
    assert run_decompress(small / "b.webp", f"{tmp_path}/again/") == 0
    assert _relative(back) == _relative(tmp_path / "again") == {"b.png"}
    assert run_compress(only / "b.png", tmp_path / "absent" / "b.webp") == 2
    assert "there is no folder" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_does_not_stop_the_others(photos: Path, tmp_path, capsys):
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    assert run_compress(photos, tmp_path / "small") == 2
    assert len(_relative(tmp_path / "small")) == 3
    error = capsys.readouterr().err
    assert "broken.png" in error
    assert error.splitlines()[-1] == "compress: 1 of 4 files failed."


def test_a_dry_run_names_what_would_be_written_and_writes_nothing(photos, tmp_path, capsys):
    before = _relative(tmp_path)
    assert run_compress(photos, tmp_path / "small", "--dry-run") == 0
    assert f"{photos / 'sub' / 'b.png'} -> {tmp_path / 'small' / 'sub' / 'b.bnk'}" in (
        capsys.readouterr().out
    )
    assert _relative(tmp_path) == before
    assert not (tmp_path / "small").exists()
    assert run_compress(photos / "a.png", photos / "a.jpg", "--codec", "webp", "--dry-run") == 0
    assert f"a.png -> {photos / 'a.jpg'}, which is there and would be replaced" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("run", [run_compress, run_decompress])
def test_a_dry_run_of_what_is_not_there_is_refused_as_a_run_is(photos, tmp_path, capsys, run):
    absent = photos / "absent.bnk"
    for words in [(absent, tmp_path / "x.png"), (photos / "a.png", absent, f"{tmp_path}/new/")]:
        codec = ("--codec", "png") if run is run_compress else ()
        assert run(*words, "--dry-run", *codec) == 2
        said = capsys.readouterr()
        assert f"{absent} cannot be read: No such file or directory." in said.err
        assert "absent" not in said.out
    assert _relative(tmp_path) == {f"photos/{name}" for name in _relative(photos)}


def test_one_file_is_not_called_files(photos: Path, tmp_path, capsys) -> None:
    (photos / "sub" / "c.png").write_bytes(b"broken")
    assert run_compress(photos / "sub", tmp_path / "small", "--codec", "webp") == 2
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].startswith("1 file: ")
    assert said.err.splitlines()[-1] == "compress: 1 of 2 files failed."


def end_in_the_middle(job: Job) -> Outcome:
    """Ends as a process does that is killed for memory."""
    os._exit(9)


def test_a_process_that_is_killed_is_one_line(tmp_path: Path) -> None:
    jobs = [Job(tmp_path / name, tmp_path / f"{name}.png") for name in ("a", "b")]
    with pytest.raises(UserError, match=r"ended unexpectedly.* fewer images at a time"):
        run_batch(jobs, end_in_the_middle, processes=2, dry_run=False, spared=unnamed_outputs(jobs))


def test_a_folder_compressed_into_itself_keeps_its_images(photos: Path, capsys) -> None:
    before = {name: (photos / name).read_bytes() for name in _relative(photos)}
    assert run_compress(photos / "sub", photos / "sub", "--codec", "png") == 2
    assert "the input itself" in capsys.readouterr().err
    assert run_compress(photos, photos / "out", "--codec", "webp") == 0
    assert run_compress(photos, photos / "out", "--codec", "webp") == 0
    assert {name: (photos / name).read_bytes() for name in before} == before
    assert _relative(photos / "out") == {"a.png.webp", "a.jpg.webp", "sub/b.webp"}
