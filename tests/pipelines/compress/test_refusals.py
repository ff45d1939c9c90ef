"""What cannot be done is said in one line and leaves no file."""

from pathlib import Path

import pytest

from core.codecs import codecs
from tests.pipelines.compress.compress_runs import (
    GOLDEN,
    in_a_process,
    is_one_line,
    names_in,
    run_compress,
    run_decompress,
)


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
        (("photo.png", "out.gif"), ("No codec here writes GIF files.",)),
        (("photo.png", "out.bnk", "--codec", "bottelneck"), ("Did you mean bottleneck?",)),
        (("photo.png", "out.bnk", "--quality", "high"), ("--quality", "'high'", "--help")),
        (("photo.png", "out.bnk", "--qualty", "5"), ("unrecognized", "--qualty", "--help")),
        (("photo.png", "out.jpg", "--target-bytes", "9"), ("photo.png: JPEG cannot make", "found")),
        (("photo.png",), ("input and the output",)),
        ((), ("input and the output",)),
        (("*.gif", "out.bnk"), ("No file matches *.gif",)),
        (("folder", "out"), ("folder holds none of",)),
        (("photo.png", "text.png", "-"), ("one file",)),
        (("photo.png", "out.bnk", "--jobs", "0"), ("--jobs", "at least 1")),
        (("photo.png", "out.bnk", "--target-bpp", "-1"), ("positive",)),
        (("photo.png", "out.png", "--codec", "png", "--quality", "3"), ("has no dial",)),
        (("photo.png", "out.png", "--codec", "png", "--target-bpp", "3"), ("has no dial",)),
        (("photo.png", "out.png", "--target-bytes", "3", "--dry-run"), ("has no dial",)),
        (("photo.bnk", "out.jpg"), ("received a BNK file, which pipelines.decompress",)),
        (("photo.png", "out.bnk", "--quality", "3", "--target-bpp", "3"), ("Give one of",)),
    ],
    ids=lambda words: " ".join(words),
)
def test_what_cannot_be_compressed_is_one_line_and_leaves_no_file(
    photo: Path, tmp_path, monkeypatch, capsys, words, says
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "photo.bnk").write_bytes((GOLDEN / "streams" / "odd_50.bnk").read_bytes())
    (tmp_path / "folder").mkdir()
    before = names_in(tmp_path)
    assert run_compress(*words) == 2
    assert is_one_line(capsys.readouterr().err, "compress: ", *says)
    assert names_in(tmp_path) == before


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
    assert run_decompress(file, tmp_path / "back.png") == 2
    assert is_one_line(capsys.readouterr().err, "decompress: ", name, says)
    assert names_in(tmp_path) == [name]


def test_without_the_model_the_command_that_makes_it_is_named(
    photo: Path, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "none"))
    assert run_compress(photo, tmp_path / "photo.bnk") == 2
    assert is_one_line(capsys.readouterr().err, "pipelines.train bottleneck")
    stream = GOLDEN / "streams" / "odd_50.bnk"
    assert run_decompress(stream, tmp_path / "back.png") == 2
    assert is_one_line(capsys.readouterr().err, "pipelines.train")


def test_an_output_that_is_no_png_is_refused(tmp_path, capsys) -> None:
    assert run_decompress(GOLDEN / "streams" / "odd_50.bnk", tmp_path / "back.jpg") == 2
    assert is_one_line(capsys.readouterr().err, "back.jpg", "PNG")


def test_help_lists_the_codecs_and_an_unknown_step_is_one_line() -> None:
    shown = in_a_process("compress", "--help", data=b"").stdout.decode()
    words = set(shown.replace(",", " ").replace(";", " ").split())
    assert {"bottleneck", "ae20", "jpeg", "webp_lossless"} <= words
    refused = in_a_process("squeeze", data=b"")
    assert refused.returncode == 2
    assert is_one_line(refused.stderr.decode(), "'squeeze'", "compress")


def test_a_file_beyond_the_limits_is_refused_before_it_is_decoded(tmp_path, capsys) -> None:
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(30_000_000_000)
    for run in (run_compress, run_decompress):
        assert run(huge, tmp_path / "out.png") == 2
        assert is_one_line(capsys.readouterr().err, "huge.png", "too large")


def test_a_format_whose_library_is_missing_is_not_written_as_another_one(
    photo: Path, tmp_path, monkeypatch, capsys
) -> None:
    reason = {"heic": "needs pillow_heif, which is not installed"}
    monkeypatch.setattr("pipelines.file_suffixes.unavailable", lambda: reason)
    others = {name: codec for name, codec in codecs().items() if not name.startswith("heic")}
    monkeypatch.setattr("pipelines.file_suffixes.codecs", lambda: others)
    assert run_compress(photo, tmp_path / "out.heic") == 2
    said = "No codec here writes HEIC files: heic needs pillow_heif, which is not installed."
    assert is_one_line(capsys.readouterr().err, "compress: ", said)
    assert not (tmp_path / "out.heic").exists()


def test_a_suffix_of_no_codec_is_told(photo: Path, tmp_path, capsys) -> None:
    assert run_compress(photo, tmp_path / "out.wepb") == 0
    said = "out.wepb holds BNK; no codec has the suffix .wepb."
    assert said in capsys.readouterr().err
    assert run_compress(photo, tmp_path / "out.data", "--codec", "webp") == 0
    assert capsys.readouterr().err == ""
