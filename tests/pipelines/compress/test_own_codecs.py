"""Which codec a suffix stands for, where the user has codecs of their own."""

from pathlib import Path
from textwrap import dedent

import pytest

from core.png import encode_png
from pipelines.file_suffixes import codec_for
from tests.conftest import AddCodec
from tests.pipelines.compress.compress_runs import IMAGE, is_one_line, run_compress, run_decompress

COPY = """
    from dataclasses import dataclass
    from typing import ClassVar
    from core.codecs.external.command_line import CommandLineCodec

    LABEL, KIND, SUFFIX = "Mine", "lossless", "{suffix}"

    @dataclass(frozen=True)
    class Copy(CommandLineCodec):
        codec: ClassVar[str] = "{name}"
        suffix: ClassVar[str] = SUFFIX
        encoder: ClassVar[str] = "cp {{input}} {{output}}"
        decoder: ClassVar[str] = "cp {{input}} {{output}}"

    def sweep(store=None):
        return [Copy()]
"""


@pytest.mark.parametrize("name", ["photo.vvc", "photo.VVC"])
def test_a_suffix_of_a_codec_of_ones_own_is_its_own(
    add_codec: AddCodec, photo: Path, tmp_path: Path, capsys, name: str
) -> None:
    add_codec("mine", COPY.format(name="mine", suffix=".vvc"))
    assert run_compress(photo, tmp_path / name) == 0
    assert (tmp_path / name).read_bytes() == encode_png(IMAGE)
    assert capsys.readouterr().err == ""
    assert run_decompress(tmp_path / name, tmp_path / "back.png", "--codec", "mine") == 0
    assert run_compress(photo, tmp_path / "photo.vvd") == 0
    assert "no codec has the suffix .vvd" in capsys.readouterr().err


@pytest.mark.parametrize(("suffix", "codec"), [(".jxl", "jpeg_xl"), (".avif", "avif")])
def test_a_program_that_is_installed_changes_no_codec_of_a_format(
    add_codec: AddCodec, suffix: str, codec: str
) -> None:
    add_codec("a_program", COPY.format(name="a_program", suffix=suffix))
    assert codec_for(Path(f"photo{suffix}")) == codec


def test_a_codec_that_cannot_turn_its_dial_has_files_of_one_size(
    add_codec: AddCodec, photo: Path, tmp_path: Path, capsys
) -> None:
    dial = 'from core.codecs.base import Dial\nDIAL = Dial("level", 1, 9, 1, 5)\n'
    add_codec("mine", dedent(COPY.format(name="mine", suffix=".vvc")) + dial)
    assert run_compress(photo, tmp_path / "photo.vvc", "--target-bytes", "9000") == 2
    assert is_one_line(capsys.readouterr().err, "compress: Mine has no dial, so its files")
    assert run_compress(photo, tmp_path / "photo.vvc") == 0
