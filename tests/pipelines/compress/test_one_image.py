"""One image through any codec and back, at the command line."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from core.codecs.bottleneck import at
from core.dataset.splits import sample_images
from core.intake.decode import decode_image
from core.png import encode_png
from core.progress import listening, report
from pipelines.file_exchange import shown_progress
from tests.pipelines.compress.compress_runs import (
    IMAGE,
    in_a_process,
    is_one_line,
    run_compress,
    run_decompress,
)


@pytest.mark.parametrize(
    "flags",
    [(), ("--quality", 80), ("--codec", "png"), ("--codec", "jpeg_xl", "--quality", 2)],
    ids=lambda flags: " ".join(map(str, flags)),
)
def test_an_image_goes_through_a_file_and_back(photo: Path, tmp_path, flags, capsys) -> None:
    file, back = tmp_path / "photo.out", tmp_path / "back.png"
    assert run_compress(photo, file, *flags) == 0
    assert run_decompress(file, back) == 0
    pixels = decode_image(back.read_bytes()).pixels
    assert pixels.shape == IMAGE.shape
    assert "png" not in flags or np.array_equal(pixels, IMAGE)
    said = capsys.readouterr().out
    assert f"{file.stat().st_size:,} bytes" in said
    assert "131x97 pixels" in said


def test_a_file_is_decompressed_by_the_codec_that_is_named_or_refused(
    photo: Path, tmp_path, capsys
) -> None:
    file, back = tmp_path / "photo.webp", tmp_path / "back.png"
    assert run_compress(photo, file) == 0
    assert run_decompress(file, back, "--codec", "webp_slow") == 0
    assert "131x97 pixels, from WebP\n" in capsys.readouterr().out
    back.unlink()
    assert run_decompress(file, back, "--codec", "jpeg") == 2
    assert is_one_line(capsys.readouterr().err, "photo.webp", "Expected a complete JPEG file")
    assert run_decompress(file, back, "--codec", "nonsense") == 2
    assert "Codec must be one of" in capsys.readouterr().err
    assert not back.exists()


def test_a_format_of_others_is_read_as_every_image_is_also_by_its_codecs_name(
    tmp_path, capsys
) -> None:
    file, back = tmp_path / "photo.jpg", tmp_path / "back.png"
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    PIL.Image.fromarray(IMAGE).convert("L").save(file, exif=exif)
    assert run_decompress(file, back, "--codec", "jpeg") == 0
    assert decode_image(back.read_bytes()).pixels.shape == (131, 97, 3)
    PIL.Image.new("L", (5000, 5000)).save(file)
    assert run_decompress(file, back, "--codec", "jpeg") == 2
    assert "25.0 megapixels" in capsys.readouterr().err
    assert run_decompress(tmp_path / "back.png", tmp_path / "x.png", "--codec", "jpeg") == 2
    assert "Expected a complete JPEG file; received PNG." in capsys.readouterr().err


def test_without_a_codec_the_learned_one_is_taken(photo: Path, tmp_path, capsys) -> None:
    assert run_compress(photo, tmp_path / "photo.bnk") == 0
    assert "bottleneck quality=60" in capsys.readouterr().out
    assert (tmp_path / "photo.bnk").read_bytes()[0] == 0xB5


@pytest.mark.parametrize("codec", ["bottleneck", "webp"])
def test_a_wanted_size_is_not_exceeded(photo: Path, tmp_path, codec: str) -> None:
    file = tmp_path / "photo.bin"
    assert run_compress(photo, file, "--codec", codec, "--target-bytes", 700) == 0
    assert 500 < file.stat().st_size <= 700
    assert run_compress(photo, file, "--codec", codec, "--target-bpp", 0.4) == 0
    assert 8 * file.stat().st_size <= 0.4 * 97 * 131


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


def test_pipes_carry_an_image_through_and_back(photo: Path) -> None:
    packed = in_a_process("compress", "-", "-", data=photo.read_bytes())
    assert packed.returncode == 0
    assert packed.stdout[0] == 0xB5
    assert b"bits per pixel" in packed.stderr
    back = in_a_process("decompress", "-", "-", data=packed.stdout)
    assert back.returncode == 0
    assert decode_image(back.stdout).pixels.shape == IMAGE.shape


def test_the_codec_follows_from_the_suffix_of_the_output(photo: Path, tmp_path) -> None:
    for name, start in (("x.webp", b"RIFF"), ("x.JPG", b"\xff\xd8"), ("x.bnk", b"\xb5")):
        assert run_compress(photo, tmp_path / name) == 0
        assert (tmp_path / name).read_bytes().startswith(start)


def test_a_suffix_that_disagrees_with_the_content_is_told(photo: Path, tmp_path, capsys) -> None:
    assert run_compress(photo, tmp_path / "wrong.jpg", "--codec", "webp") == 0
    assert "wrong.jpg holds WebP, though its name says JPEG." in capsys.readouterr().err
    assert run_compress(tmp_path / "wrong.jpg", tmp_path / "x.bnk") == 0
    assert "wrong.jpg holds WebP" in capsys.readouterr().err
    assert run_decompress(tmp_path / "wrong.jpg", tmp_path / "back.png") == 0
    assert "wrong.jpg holds WebP" in capsys.readouterr().err


def test_what_reading_changed_is_told(tmp_path, capsys) -> None:
    PIL.Image.new("RGBA", (8, 8), (255, 0, 0, 40)).save(tmp_path / "clear.png")
    assert run_compress(tmp_path / "clear.png", tmp_path / "x.bnk") == 0
    assert "clear.png: " in capsys.readouterr().err


def test_the_example_of_the_readme_makes_the_file_smaller(tmp_path, monkeypatch) -> None:
    root = Path(__file__).parents[3]
    monkeypatch.delenv("BOTTLENECK_ARTIFACTS")
    monkeypatch.chdir(tmp_path)
    lines = (root / "README.md").read_text(encoding="utf-8").splitlines()
    words = [line.split()[2:] for line in lines if "photo.png photo.bnk" in line]
    assert words == [["pipelines.compress", "photo.png", "photo.bnk", "--quality", "60"]]
    (tmp_path / "photo.png").write_bytes(encode_png(next(iter(sample_images().values()))))
    assert run_compress(*words[0][1:]) == 0
    before, after = ((tmp_path / f"photo.{end}").stat().st_size for end in ("png", "bnk"))
    assert after < before / 4
