"""One image through any codec and back, at the command line."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from core.codecs.bottleneck import at
from core.dataset.splits import sample_images
from core.intake.decode import decode_image
from core.png import encode_png
from core.progress import listening, report
from pipelines import compress, decompress
from pipelines.file_exchange import shown_progress

GOLDEN = Path(__file__).parents[1] / "golden"
IMAGE = next(iter(sample_images().values()))[:97, :131]


@pytest.fixture(autouse=True)
def _small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(GOLDEN))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(encode_png(IMAGE))
    return path


def _compress(*words: object) -> int:
    return compress.main([str(word) for word in words])


def _decompress(*words: object) -> int:
    return decompress.main([str(word) for word in words])


def _left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "flags",
    [(), ("--quality", 80), ("--codec", "png"), ("--codec", "jpeg_xl", "--quality", 2)],
    ids=lambda flags: " ".join(map(str, flags)),
)
def test_an_image_goes_through_a_file_and_back(photo: Path, tmp_path, flags, capsys) -> None:
    file, back = tmp_path / "photo.out", tmp_path / "back.png"
    assert _compress(photo, file, *flags) == 0
    assert _decompress(file, back) == 0
    pixels = decode_image(back.read_bytes()).pixels
    assert pixels.shape == IMAGE.shape
    assert "png" not in flags or np.array_equal(pixels, IMAGE)
    said = capsys.readouterr().out
    assert f"{file.stat().st_size:,} bytes" in said
    assert "131x97 pixels" in said


def test_without_a_codec_the_learned_one_is_taken(photo: Path, tmp_path, capsys) -> None:
    assert _compress(photo, tmp_path / "photo.bnk") == 0
    assert "bottleneck quality=60" in capsys.readouterr().out
    assert (tmp_path / "photo.bnk").read_bytes()[0] == 0xB5


@pytest.mark.parametrize("codec", ["bottleneck", "webp"])
def test_a_wanted_size_is_not_exceeded(photo: Path, tmp_path, codec: str) -> None:
    file = tmp_path / "photo.bin"
    assert _compress(photo, file, "--codec", codec, "--target-bytes", 700) == 0
    assert 500 < file.stat().st_size <= 700
    assert _compress(photo, file, "--codec", codec, "--target-bpp", 0.4) == 0
    assert 8 * file.stat().st_size <= 0.4 * 97 * 131


def _is_one_line(text: str, *words: str) -> bool:
    return text.count("\n") == 1 and all(word in text for word in words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("missing.png", "out.bnk"), ("missing.png", "No such file")),
        (("text.png", "out.bnk"), ("text.png", "not a supported image")),
        (("photo.png", "nowhere/out.bnk"), ("nowhere", "cannot be written")),
        (("photo.png", "out.bnk", "--codec", "heif"), ("one of", "received 'heif'")),
        (("photo.png", "out.bnk", "--quality", "101"), ("1..100", "received 101")),
        (("photo.png", "out.bnk", "--quality", "nan"), ("finite", "received nan")),
        (("photo.png", "out.bnk", "--target-bytes", "12"), ("cannot make a file of 12 bytes",)),
        (("photo.png", "out.bnk", "--target-bytes", "0"), ("at least 1",)),
        (("photo.png", "out.bnk", "--target-bpp", "inf"), ("finite", "received inf")),
        (("photo.png", "out.bnk", "--quality=-inf"), ("finite", "received -inf")),
        (("photo.png",), ("input and the output",)),
        ((), ("input and the output",)),
        (("*.gif", "out.bnk"), ("No file matches *.gif",)),
        (("folder", "out"), ("folder holds none of",)),
        (("photo.png", "text.png", "-"), ("one file",)),
        (("photo.png", "out.bnk", "--jobs", "0"), ("--jobs", "at least 1")),
        (("photo.png", "out.bnk", "--target-bpp", "-1"), ("positive",)),
        (("photo.png", "out.png", "--codec", "png", "--quality", "3"), ("has no dial",)),
        (("photo.png", "out.png", "--codec", "png", "--target-bpp", "3"), ("has no dial",)),
        (("photo.png", "out.bnk", "--quality", "3", "--target-bpp", "3"), ("Give one of",)),
    ],
    ids=lambda words: " ".join(words),
)
def test_what_cannot_be_compressed_is_one_line_and_leaves_no_file(
    photo: Path, tmp_path, monkeypatch, capsys, words, says
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "folder").mkdir()
    before = _left_over(tmp_path)
    assert _compress(*words) == 2
    assert _is_one_line(capsys.readouterr().err, "compress: ", *says)
    assert _left_over(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cut.bnk", lambda data: data[:-9], "does not end where its image ends"),
        ("short.bnk", lambda data: data[:7], "at least 9 bytes"),
        ("other.bnk", lambda data: data[:2] + b"\0\0" + data[4:], "No model here made this file"),
        ("huge.bnk", lambda data: data[:5] + b"\xff\x7f\xff\x7f" + data[9:], "At most 16,000,000"),
        (
            "cut.jpg",
            lambda _: b"\xff\xd8\xff\xe0" + bytes(40),
            "The JPEG file cannot be read",
        ),
        ("text.txt", lambda _: b"no image at all", "No codec here writes such files"),
        ("empty.bnk", lambda _: b"", "No codec here writes such files"),
    ],
)
def test_what_cannot_be_decompressed_is_one_line_and_leaves_no_file(
    tmp_path, capsys, name: str, content, says: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content((GOLDEN / "streams" / "odd_50.bnk").read_bytes()))
    assert _decompress(file, tmp_path / "back.png") == 2
    assert _is_one_line(capsys.readouterr().err, "decompress: ", name, says)
    assert _left_over(tmp_path) == [name]


def test_without_the_model_the_command_that_makes_it_is_named(
    photo: Path, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "none"))
    assert _compress(photo, tmp_path / "photo.bnk") == 2
    assert _is_one_line(capsys.readouterr().err, "pipelines.train bottleneck")
    stream = GOLDEN / "streams" / "odd_50.bnk"
    assert _decompress(stream, tmp_path / "back.png") == 2
    assert _is_one_line(capsys.readouterr().err, "pipelines.train")


def test_a_full_disk_leaves_what_was_there(photo: Path, tmp_path, monkeypatch, capsys) -> None:
    file = tmp_path / "photo.bnk"
    file.write_bytes(b"older")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert _compress(photo, file) == 2
    monkeypatch.undo()
    assert file.read_bytes() == b"older"
    assert _left_over(tmp_path) == ["photo.bnk", "photo.png"]


def test_an_output_that_is_no_png_is_refused(tmp_path, capsys) -> None:
    assert _decompress(GOLDEN / "streams" / "odd_50.bnk", tmp_path / "back.jpg") == 2
    assert _is_one_line(capsys.readouterr().err, "back.jpg", "PNG")


def test_the_codec_tells_how_far_it_is() -> None:
    heard: list[tuple[str, float]] = []
    with listening(lambda part, done: heard.append((part, done))):
        point = at(50)
        point.decode(point.encode(IMAGE))
    assert {part for part, _ in heard} == {"analysis", "coding", "decoding", "synthesis"}
    assert all(0 < done <= 1 for _, done in heard)


def test_a_bar_is_shown_for_large_images_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # a bar is drawn on a terminal only
    monkeypatch.setenv("TTY_INTERACTIVE", "1")
    shown = {}
    for pixels in (10, 2_000_000):
        with shown_progress(pixels):
            report("coding", 0.5)
        shown[pixels] = capsys.readouterr()
    assert shown[10] == ("", "")
    assert shown[2_000_000].out == ""
    assert "coding" in shown[2_000_000].err
    assert "50%" in shown[2_000_000].err


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
        for run in (_compress, _decompress):
            assert run(photo, name) == 2
            assert run(name, photo) == 2
            assert "the input itself" in capsys.readouterr().err
    assert photo.read_bytes() == before


def test_a_link_in_the_place_of_the_output_is_kept(photo: Path, tmp_path) -> None:
    (tmp_path / "photo.bnk").symlink_to("real.bnk")
    assert _compress(photo, tmp_path / "photo.bnk") == 0
    assert (tmp_path / "photo.bnk").is_symlink()
    (tmp_path / "back.png").symlink_to("real.png")
    assert _decompress(tmp_path / "real.bnk", tmp_path / "back.png") == 0
    assert (tmp_path / "back.png").is_symlink()
    assert (tmp_path / "real.png").read_bytes().startswith(b"\x89PNG")


def test_a_pipe_in_the_place_of_the_output_is_written_into(photo: Path, tmp_path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    received: list[bytes] = []
    stream = GOLDEN / "streams" / "odd_50.bnk"
    ours = ("--codec", "bottleneck")
    for run, source, flags in ((_compress, photo, ours), (_decompress, stream, ())):
        reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
        reader.start()
        assert run(source, pipe, *flags) == 0
        reader.join(timeout=30)
        assert pipe.is_fifo()
    assert received[0][0] == 0xB5
    assert received[1].startswith(b"\x89PNG")


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
    assert _compress(photos, tmp_path / "small", "--jobs", jobs) == 0
    assert _relative(tmp_path / "small") == {"a.png.bnk", "a.jpg.bnk", "sub/b.bnk"}
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 4
    assert all("bits per pixel" in line for line in said[:3])
    sizes = sum(path.stat().st_size for path in (tmp_path / "small").rglob("*.bnk"))
    assert said[3].startswith("3 files: ")
    assert f"{sizes:,} written" in said[3]
    assert _decompress(tmp_path / "small", tmp_path / "back", "--jobs", jobs) == 0
    assert _relative(tmp_path / "back") == {"a.png.png", "a.jpg.png", "sub/b.png"}


def test_several_files_and_patterns_go_into_a_folder(photos: Path, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(photos)
    (tmp_path / "out").mkdir()
    assert _compress("a.png", tmp_path / "out") == 0
    assert _compress("**/*.png", "--codec", "webp", tmp_path / "all") == 0
    assert _relative(tmp_path / "out") == {"a.bnk"}
    assert _relative(tmp_path / "all") == {"a.webp", "b.webp"}
    assert _compress("a.png", "a.jpg", "--codec", "png", f"{tmp_path}/new/") == 0
    assert _relative(tmp_path / "new") == {"a.png.png", "a.jpg.png"}


def test_a_file_that_cannot_be_read_does_not_stop_the_others(photos: Path, tmp_path, capsys):
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    assert _compress(photos, tmp_path / "small") == 2
    assert len(_relative(tmp_path / "small")) == 3
    error = capsys.readouterr().err
    assert "broken.png" in error
    assert error.splitlines()[-1] == "compress: 1 of 4 files could not be read or written."


def test_a_dry_run_names_what_would_be_written_and_writes_nothing(photos, tmp_path, capsys):
    before = _relative(tmp_path)
    assert _compress(photos, tmp_path / "small", "--dry-run") == 0
    assert f"{photos / 'sub' / 'b.png'} -> {tmp_path / 'small' / 'sub' / 'b.bnk'}" in (
        capsys.readouterr().out
    )
    assert _relative(tmp_path) == before
    assert not (tmp_path / "small").exists()


def test_a_folder_compressed_into_itself_keeps_its_images(photos: Path, capsys) -> None:
    before = {name: (photos / name).read_bytes() for name in _relative(photos)}
    assert _compress(photos / "sub", photos / "sub", "--codec", "png") == 2
    assert "the input itself" in capsys.readouterr().err
    assert _compress(photos, photos / "out", "--codec", "webp") == 0
    assert _compress(photos, photos / "out", "--codec", "webp") == 0
    assert {name: (photos / name).read_bytes() for name in before} == before
    assert _relative(photos / "out") == {"a.png.webp", "a.jpg.webp", "sub/b.webp"}


def _run(*words: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines", *words],
        input=data,
        capture_output=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )


def test_pipes_carry_an_image_through_and_back(photo: Path) -> None:
    packed = _run("compress", "-", "-", data=photo.read_bytes())
    assert packed.returncode == 0
    assert packed.stdout[0] == 0xB5
    assert b"bits per pixel" in packed.stderr
    back = _run("decompress", "-", "-", data=packed.stdout)
    assert back.returncode == 0
    assert decode_image(back.stdout).pixels.shape == IMAGE.shape


def test_help_lists_the_codecs_and_an_unknown_step_is_one_line() -> None:
    shown = _run("compress", "--help", data=b"").stdout.decode()
    words = set(shown.replace(",", " ").replace(";", " ").split())
    assert {"bottleneck", "ae20", "jpeg", "webp_lossless"} <= words
    refused = _run("squeeze", data=b"")
    assert refused.returncode == 2
    assert _is_one_line(refused.stderr.decode(), "'squeeze'", "compress")


def test_the_codec_follows_from_the_suffix_of_the_output(photo: Path, tmp_path) -> None:
    for name, start in (("x.webp", b"RIFF"), ("x.JPG", b"\xff\xd8"), ("x.bnk", b"\xb5")):
        assert _compress(photo, tmp_path / name) == 0
        assert (tmp_path / name).read_bytes().startswith(start)


def test_a_suffix_that_disagrees_with_the_content_is_told(photo: Path, tmp_path, capsys) -> None:
    assert _compress(photo, tmp_path / "wrong.jpg", "--codec", "webp") == 0
    assert "wrong.jpg holds WebP, though its name says JPEG." in capsys.readouterr().err
    assert _compress(tmp_path / "wrong.jpg", tmp_path / "x.bnk") == 0
    assert "wrong.jpg holds WebP" in capsys.readouterr().err
    assert _decompress(tmp_path / "wrong.jpg", tmp_path / "back.png") == 0
    assert "wrong.jpg holds WebP" in capsys.readouterr().err


def test_what_reading_changed_is_told(tmp_path, capsys) -> None:
    PIL.Image.new("RGBA", (8, 8), (255, 0, 0, 40)).save(tmp_path / "clear.png")
    assert _compress(tmp_path / "clear.png", tmp_path / "x.bnk") == 0
    assert "clear.png: " in capsys.readouterr().err


def test_a_file_beyond_the_limits_is_refused_before_it_is_decoded(tmp_path, capsys) -> None:
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(30_000_000_000)
    for run in (_compress, _decompress):
        assert run(huge, tmp_path / "out.png") == 2
        assert _is_one_line(capsys.readouterr().err, "huge.png", "too large")


def test_the_example_of_the_readme_makes_the_file_smaller(tmp_path, monkeypatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.delenv("BOTTLENECK_ARTIFACTS")
    monkeypatch.chdir(tmp_path)
    lines = (root / "README.md").read_text(encoding="utf-8").splitlines()
    words = [line.split()[2:] for line in lines if "photo.png photo.bnk" in line]
    assert words == [["pipelines.compress", "photo.png", "photo.bnk", "--quality", "60"]]
    (tmp_path / "photo.png").write_bytes(encode_png(next(iter(sample_images().values()))))
    assert _compress(*words[0][1:]) == 0
    before, after = ((tmp_path / f"photo.{end}").stat().st_size for end in ("png", "bnk"))
    assert after < before / 4
