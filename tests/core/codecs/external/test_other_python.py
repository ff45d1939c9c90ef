"""Codecs that a program in another Python computes, with a small program in a real process."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import psutil
import pytest

from core.codecs.external.other_python import OtherPythonCodec, named_python
from core.errors import CodecError
from core.images import Image
from tests.waiting import wait_until

ROOT = Path(__file__).parents[4]


@dataclass(frozen=True)
class StandIn(OtherPythonCodec):
    codec: ClassVar[str] = "stand_in"
    python: ClassVar[str] = sys.executable
    script: ClassVar[Path] = Path(__file__).parent / "stand_in_worker.py"
    pixel_limit: ClassVar[int] = 1_000_000

    behaviour: str = ""
    told: str = ""
    lie: int = 0


@dataclass(frozen=True)
class Impatient(StandIn):
    seconds: ClassVar[float] = 1.0


@pytest.fixture
def image() -> Image:
    return np.random.default_rng(3).integers(0, 256, (37, 53, 3), np.uint8)


@pytest.fixture(autouse=True, scope="module")
def _no_process_is_left():
    yield
    for codec in (StandIn, Impatient):
        codec.process().stop()


def _process_of(codec: OtherPythonCodec, image: Image) -> int:
    """Id of the process that computes."""
    return int(type(codec)(behaviour="process").encode(image)[4:])


def test_decoding_restores_what_the_program_was_given(image: Image) -> None:
    np.testing.assert_array_equal(StandIn().decode(StandIn().encode(image)), image)


def test_a_view_is_coded_like_its_copy(image: Image) -> None:
    view = image[::2, ::-3]
    assert StandIn().encode(view) == StandIn().encode(view.copy())


def test_the_program_tells_its_version() -> None:
    assert StandIn.version() == "stand-in 1.2"


def test_one_process_serves_all_calls_of_all_threads_and_is_not_this_one(image: Image) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: _process_of(StandIn(), image), range(8)))
    assert len(found) == 1
    assert os.getpid() not in found


def test_an_error_is_told_in_one_sentence_and_the_process_stays(image: Image) -> None:
    before = _process_of(StandIn(), image)
    with pytest.raises(CodecError, match=r"^ValueError: no such model\.$"):
        StandIn(behaviour="refuse").encode(image)
    assert _process_of(StandIn(), image) == before


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        ("exit", r"stand_in_worker ended with status 7: luck\.$"),
        ("abort", r"stand_in_worker ended with status -6"),
        ("malformed", r"stand_in_worker sent an answer that is too long or malformed\.$"),
        ("huge", r"stand_in_worker (sent an answer that is too long|ended)"),
    ],
)
def test_a_process_that_ends_or_misbehaves_costs_one_image(
    behaviour: str, message: str, image: Image
) -> None:
    before = _process_of(StandIn(), image)
    with pytest.raises(CodecError, match=message):
        StandIn(behaviour=behaviour).encode(image)
    assert not psutil.pid_exists(before)
    np.testing.assert_array_equal(StandIn().decode(StandIn().encode(image)), image)


def test_a_program_that_hangs_is_killed_when_its_time_is_up(image: Image, tmp_path: Path) -> None:
    hanging = Impatient(behaviour="hang", told=str(tmp_path / "pid"))
    with pytest.raises(CodecError, match=r"stand_in_worker took more than 1 seconds\.$"):
        hanging.encode(image)
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a running process")
def test_a_program_that_takes_too_much_memory_is_refused_it(image: Image) -> None:
    @dataclass(frozen=True)
    class Small(StandIn):
        memory_bytes: ClassVar[int] = 1_000_000_000

    with pytest.raises(CodecError, match="MemoryError"):
        Small(behaviour="allocate").encode(image)
    Small.process().stop()


def test_a_damaged_file_reaches_no_program(image: Image) -> None:
    data = bytearray(StandIn().encode(image))
    data[20] ^= 1
    for damaged in (bytes(data), bytes(data[:5]), b""):
        with pytest.raises(CodecError, match="checksum"):
            StandIn().decode(damaged)


def test_an_image_of_another_size_than_announced_is_refused(image: Image) -> None:
    data = StandIn().encode(image)
    with pytest.raises(CodecError, match="of another size than it says"):
        StandIn(lie=1).decode(data)
    with pytest.raises(CodecError, match="takes images of 1 to 1000000 pixels"):
        StandIn(lie=30_000).decode(data)


def test_an_image_that_is_too_large_is_refused_before_it_is_sent() -> None:
    with pytest.raises(CodecError, match="received 1001x1000"):
        StandIn().encode(np.zeros((1000, 1001, 3), np.uint8))


def test_a_program_that_lacks_its_framework_is_told_with_the_reason(
    image: Image, tmp_path: Path
) -> None:
    (tmp_path / "worker.py").write_text("import no_such_framework\n")

    @dataclass(frozen=True)
    class Lacking(StandIn):
        script: ClassVar[Path] = tmp_path / "worker.py"

    with pytest.raises(CodecError, match=r"ended with status 1: .*named 'no_such_framework'\.$"):
        Lacking().encode(image)


def test_a_python_that_is_not_there_is_told(image: Image) -> None:
    @dataclass(frozen=True)
    class Absent(StandIn):
        python: ClassVar[str] = "/no/such/python"

    with pytest.raises(CodecError, match="/no/such/python cannot be started"):
        Absent().encode(image)


def test_a_variable_that_names_no_python_makes_the_codec_unavailable(monkeypatch) -> None:
    monkeypatch.delenv("SOME_PYTHON", raising=False)
    with pytest.raises(ImportError) as unset:
        named_python("SOME_PYTHON", with_package="PyTorch")
    assert unset.value.name == "a Python with PyTorch, named by SOME_PYTHON"
    monkeypatch.setenv("SOME_PYTHON", sys.executable)
    assert named_python("SOME_PYTHON", with_package="PyTorch") == sys.executable


def test_the_process_ends_with_its_parent_even_in_the_middle_of_a_call(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    program = (
        "import numpy as np, importlib.util as u, sys\n"
        f"spec = u.spec_from_file_location('t', {__file__!r})\n"
        "t = u.module_from_spec(spec); sys.modules['t'] = t; spec.loader.exec_module(t)\n"
        f"t.StandIn(behaviour='hang', told={str(told)!r}).encode(np.zeros((4, 4, 3), np.uint8))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    try:
        wait_until(lambda: told.exists() and told.read_text(), process=parent)
        child = psutil.Process(int(told.read_text()))
    finally:
        parent.kill()
        parent.wait()
    child.wait(timeout=20)


def test_a_process_that_someone_kills_ends_the_call(image: Image, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    errors: list[str] = []

    def encode() -> None:
        try:
            StandIn(behaviour="hang", told=str(told)).encode(image)
        except CodecError as error:
            errors.append(str(error))

    thread = threading.Thread(target=encode)
    thread.start()
    wait_until(lambda: told.exists() and told.read_text())
    os.kill(int(told.read_text()), 9)
    thread.join(timeout=20)
    assert errors == ["stand_in_worker ended with status -9."]
