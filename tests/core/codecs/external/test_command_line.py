import os
import resource
import runpy
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import imagecodecs
import numpy as np
import pytest

import core.codecs
from core.codecs import codecs
from core.codecs.external.command_line import (
    CommandLineCodec,
    program_version,
    require_programs,
)
from core.errors import CodecError
from core.images import Image

PYTHON = sys.executable


@dataclass(frozen=True)
class Copy(CommandLineCodec):
    codec: ClassVar[str] = "copy"
    suffix: ClassVar[str] = ".png"
    encoder: ClassVar[str] = "cp {input} {output}"
    decoder: ClassVar[str] = "cp {input} {output}"


def _encoding_with(template: str, **limits: float) -> CommandLineCodec:
    """Codec whose encoder is a command of the test's own."""
    return type("Encoding", (Copy,), {"encoder": template, **limits})()


@pytest.fixture
def image() -> Image:
    return np.random.default_rng(3).integers(0, 256, (37, 53, 3), np.uint8)


def test_a_pair_of_copying_commands_restores_every_pixel(image: Image) -> None:
    np.testing.assert_array_equal(Copy().decode(Copy().encode(image)), image)


def test_a_setting_reaches_the_command_in_its_own_format(image: Image, tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Told(Copy):
        encoder: ClassVar[str] = f"cp {{input}} {tmp_path}/{{level:.2f}}.png"
        level: float = 1.5

    with pytest.raises(CodecError, match="without writing its output"):
        Told().encode(image)
    assert (tmp_path / "1.50.png").is_file()


def test_a_value_with_spaces_and_quotes_stays_one_word(image: Image) -> None:
    @dataclass(frozen=True)
    class Spaced(Copy):
        encoder: ClassVar[str] = f"{PYTHON} -c {{program}} {{input}} {{output}}"
        program: str = "import shutil, sys; shutil.copy(*sys.argv[1:]); print('a \"b\"')"

    np.testing.assert_array_equal(Spaced().decode(Spaced().encode(image)), image)


def test_a_failing_encoder_is_told_with_its_status_and_last_line(image: Image) -> None:
    failing = _encoding_with(f"{PYTHON} -c 'import sys; print(7); sys.exit(\"no such profile\")'")
    with pytest.raises(CodecError, match=r"ended with status 1: no such profile\.$"):
        failing.encode(image)


def test_a_hint_at_the_help_of_a_program_is_not_the_reason(image: Image) -> None:
    script = 'print("bad effort"); print("Use tool -h for more."); exit(3)'
    with pytest.raises(CodecError, match=r"ended with status 3: bad effort\.$"):
        _encoding_with(f"{PYTHON} -c '{script}'").encode(image)


def test_a_template_and_a_program_that_do_not_exist_are_told(image: Image) -> None:
    with pytest.raises(CodecError, match=r"names 'speed', no field"):
        _encoding_with("cp {input} {output} {speed}").encode(image)
    with pytest.raises(CodecError, match=r"^no-such-program is not installed\.$"):
        _encoding_with("no-such-program {input} {output}").encode(image)
    with pytest.raises(CodecError, match=r"^/ cannot be started: Permission denied\.$"):
        _encoding_with("/").encode(image)


@pytest.mark.parametrize(
    "template", ["cp {}", "cp {input:d}", "cp {input.size}", "cp '{input}", "cp {input"]
)
def test_a_template_that_cannot_be_filled_in_is_told(template: str, image: Image) -> None:
    with pytest.raises(CodecError, match=r"^copy: .* cannot be filled in: .*\.$"):
        _encoding_with(template).encode(image)


def test_a_template_without_a_command_is_told(image: Image) -> None:
    with pytest.raises(CodecError, match="names no command"):
        _encoding_with("").encode(image)


def test_the_encoder_alone_is_told_the_size_of_the_image(image: Image, tmp_path: Path) -> None:
    told = (
        f"sh -c 'echo $1 > {tmp_path}/told; cp $2 $3' sh {{width}}x{{height}} {{input}} {{output}}"
    )
    data = _encoding_with(told).encode(image)
    assert (tmp_path / "told").read_text() == "53x37\n"
    with pytest.raises(CodecError, match=r"names 'width', no field"):
        type("Decoding", (Copy,), {"decoder": told})().decode(data)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n broken"])
def test_a_decoder_that_writes_no_image_is_refused(
    content: bytes, image: Image, tmp_path: Path
) -> None:
    (tmp_path / "made").write_bytes(content)
    wrong = type("Wrong", (Copy,), {"decoder": f"cp {tmp_path}/made {{output}}"})()
    with pytest.raises(CodecError, match=r"^The decoder of copy gave no image: .*\.$"):
        wrong.decode(wrong.encode(image))


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".ppm", b"P6\n53 37\n255\n"), (".y4m", b"YUV4MPEG2 W53 H37 F25:1 Ip A1:1 C444\nFRAME\n")],
)
def test_commands_are_given_images_in_the_format_that_they_read(
    suffix: str, start: bytes, image: Image
) -> None:
    copy = type("Copying", (Copy,), {"interchange": suffix, "suffix": ".any"})()
    data = copy.encode(image)
    assert data.startswith(start)
    assert len(data) == len(start) + image.size
    difference = np.abs(copy.decode(data).astype(int) - image)
    assert difference.max() <= (0 if suffix == ".ppm" else 2)


def test_a_decoder_that_gives_no_rgb_image_is_refused(image: Image, tmp_path: Path) -> None:
    (tmp_path / "grey.png").write_bytes(imagecodecs.png_encode(np.zeros((4, 4), np.uint8)))

    @dataclass(frozen=True)
    class Grey(Copy):
        decoder: ClassVar[str] = f"cp {tmp_path}/grey.png {{output}}"

    with pytest.raises(CodecError, match="8-bit RGB"):
        Grey().decode(Grey().encode(image))


@pytest.mark.slow
def test_a_command_that_takes_too_long_is_killed_with_what_it_started(
    image: Image, tmp_path: Path
) -> None:
    program = f"(sleep 3; touch {tmp_path}/alive) & sleep 60"
    slow = _encoding_with(f"sh -c '{program}'", seconds=0.5)
    started = time.monotonic()
    with pytest.raises(CodecError, match=r"took more than 0\.5 seconds"):
        slow.encode(image)
    assert time.monotonic() - started < 10
    time.sleep(3.5)
    assert not (tmp_path / "alive").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a running process")
def test_a_command_that_takes_too_much_memory_fails(image: Image) -> None:
    program = f"{PYTHON} -c 'import time; time.sleep(0.5); bytearray(10**9)'"
    with pytest.raises(CodecError, match="status"):
        _encoding_with(program, memory_bytes=500_000_000).encode(image)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a running process")
def test_a_command_is_free_of_the_limit_on_the_processor_time_of_a_job(
    image: Image, tmp_path: Path
) -> None:
    before = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (1_000_000, before[1]))
    try:
        with pytest.raises(CodecError):
            _encoding_with(f"sh -c 'sleep 0.5; ulimit -t > {tmp_path}/told'").encode(image)
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, before)
    assert (tmp_path / "told").read_text() == "unlimited\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a running process")
@pytest.mark.parametrize("template", ["yes {output}", "cp /dev/zero {output}"])
def test_a_command_that_writes_or_prints_without_end_is_ended(template: str, image: Image) -> None:
    endless = _encoding_with(template, file_bytes=10_000_000, seconds=60)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CodecError, match=r"wrote a file of more than 10,000,000 bytes\.$"):
        endless.encode(image)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 5_000


@pytest.mark.skipif(sys.platform == "win32", reason="needs sh")
def test_of_what_a_command_prints_the_end_is_told_and_little_is_kept(image: Image) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CodecError, match=r"ended with status 3: no such profile\.$"):
        _encoding_with("sh -c 'yes | head -c 90000000; echo no such profile; exit 3'").encode(image)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_no_file_is_left_behind(image: Image, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    Copy().decode(Copy().encode(image))
    with pytest.raises(CodecError):
        _encoding_with("false").encode(image)
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(ImportError) as refused:
        require_programs("sh", "no-such-encoder")
    assert refused.value.name == "no-such-encoder"


def test_the_version_is_the_first_number_that_a_program_prints() -> None:
    printed = subprocess.run([PYTHON, "--version"], capture_output=True, text=True, check=True)
    assert f"Python {program_version(f'{PYTHON} --version')}" == printed.stdout.strip()
    assert program_version("echo no number") == "unknown"


@pytest.mark.skipif(sys.platform == "win32", reason="needs sh")
def test_avifenc_is_named_with_the_encoder_that_it_is_linked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = "dav1d [dec]:1.0.0, aom [enc/dec]:v3.6.0, rav1e [enc]:0.5.1 (v0.5.1)"
    for name in ("avifenc", "avifdec"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho 'Version: 0.11.1 ({listed})'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    program_version.cache_clear()
    try:
        module = runpy.run_path(str(Path(core.codecs.__path__[0], "avifenc.py")))
        assert module["version"]() == "avifenc 0.11.1, aom 3.6.0"
    finally:
        program_version.cache_clear()


@pytest.mark.parametrize(
    ("name", "program", "decode"),
    [
        ("cjxl", "cjxl", imagecodecs.jpegxl_decode),
        ("avifenc", "avifenc", imagecodecs.avif_decode),
    ],
)
def test_a_file_of_the_real_program_is_what_an_independent_decoder_reads(
    name: str, program: str, decode
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")
    down, right = np.mgrid[:40, :60]
    image = np.stack([4 * down, 4 * right, 128 + 0 * down], axis=-1).astype(np.uint8)
    codec = codecs()[name]
    assert codec.at is not None
    assert codec.dial is not None
    point = codec.at(codec.dial.default)
    data = point.encode(image)
    assert np.abs(point.decode(data).astype(int) - decode(data)[..., :3]).max() <= 2
    assert np.abs(point.decode(data).astype(int) - image).mean() < 3
