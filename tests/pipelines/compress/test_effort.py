"""`compress --effort`: how long the encoder searches."""

from pathlib import Path

import pytest

from tests.pipelines.compress.compress_runs import run_compress, run_decompress


def test_an_effort_is_told_and_its_file_decodes_as_any_other(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--codec", "jpeg_xl", "--effort", "3")
    assert run_compress(photo, tmp_path / "photo.jxl", *flags) == 0
    assert "effort=3" in capsys.readouterr().out
    assert run_decompress(tmp_path / "photo.jxl", tmp_path / "back.png") == 0


def test_effort_0_is_what_is_written_without_one(photo: Path, tmp_path: Path) -> None:
    assert run_compress(photo, tmp_path / "none.bnk") == 0
    assert run_compress(photo, tmp_path / "zero.bnk", "--effort", "0") == 0
    assert (tmp_path / "none.bnk").read_bytes() == (tmp_path / "zero.bnk").read_bytes()


def test_a_wanted_size_is_met_with_an_effort(photo: Path, tmp_path: Path) -> None:
    flags = ("--codec", "jpeg_xl", "--target-bytes", "3000")
    assert run_compress(photo, tmp_path / "fast.jxl", *flags, "--effort", "3") == 0
    assert run_compress(photo, tmp_path / "slow.jxl", *flags, "--effort", "7") == 0
    fast, slow = ((tmp_path / name).read_bytes() for name in ("fast.jxl", "slow.jxl"))
    assert fast != slow
    assert max(len(fast), len(slow)) <= 3000


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--codec", "webp", "--effort", "3"), "webp has no effort; leave --effort out"),
        (
            ("--effort", "1"),
            "no refinement.onnx, so its files are written at effort 0; received 1. Unless its "
            "layers are those of the thesis or it was trained for the eye, `python -m "
            "pipelines.train bottleneck --name NAME --complete` adds it.",
        ),
        (("--effort", "4"), "--effort must lie in 0..3 for bottleneck; received 4"),
        (("--codec", "jpeg_xl", "--effort", "0"), "--effort must lie in 1..9 for jpeg_xl"),
        (
            ("--codec", "webp_lossless", "--effort", "55", "--dry-run"),
            "--effort must be one of 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 for webp_lossless",
        ),
        (("--effort", "9", "--target-bytes", "500", "--dry-run"), "--effort must lie in 0..3"),
    ],
)
def test_an_effort_that_a_codec_lacks_is_one_line(
    photo: Path,
    tmp_path: Path,
    flags: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_compress(photo, tmp_path / "photo.out", *flags) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "photo.out").exists()
