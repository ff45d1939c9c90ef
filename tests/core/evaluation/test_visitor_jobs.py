"""How long a visitor's job is estimated to take."""

import sys
from pathlib import Path

import numpy as np
import pytest

from core.evaluation.comparison import CodecConfig
from core.evaluation.visitor_jobs import PILOT_SIDE, ReconstructionRequest, estimated_seconds
from tests.conftest import AddCodec

#: A command that does some work where the image has more than a few bytes.
COMMAND = """
    from dataclasses import dataclass
    from typing import ClassVar
    from core.codecs.external.command_line import CommandLineCodec

    LABEL, KIND = "Command", "lossless"

    @dataclass(frozen=True)
    class Command(CommandLineCodec):
        codec: ClassVar[str] = "{name}"
        suffix: ClassVar[str] = ".png"
        encoder: ClassVar[str] = "sh -c '{work} cp input.png output.png'"
        decoder: ClassVar[str] = "cp {{input}} {{output}}"

    def sweep(store=None):
        return [Command()]
"""
SLEEPING = "if find -size +2k | grep -q .; then sleep 0.4; fi;"
COUNTING = (
    "if find -size +2k | grep -q .; then i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; fi;"
)

#: As a model in another Python, whose process this one does not wait for.
ELSEWHERE = """
    from dataclasses import dataclass
    from typing import ClassVar

    LABEL, KIND = "Elsewhere", "lossless"

    @dataclass(frozen=True)
    class Elsewhere:
        codec: ClassVar[str] = "elsewhere"
        suffix: ClassVar[str] = ".elsewhere"
        scale: ClassVar[None] = None
        is_external: ClassVar[bool] = True
        setting: ClassVar[str] = ""
        dial: ClassVar[None] = None

        def encode(self, image):
            return image.tobytes()

        def decode(self, data):
            return None

    def sweep(store=None):
        return [Elsewhere()]
"""


@pytest.fixture
def middle() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (PILOT_SIDE, PILOT_SIDE, 3), np.uint8)


@pytest.mark.skipif(sys.platform == "win32", reason="needs sh")
def test_a_command_is_estimated_by_the_processor_time_that_it_used(
    add_codec: AddCodec, middle: np.ndarray, tmp_path: Path
) -> None:
    found = []
    for name, work in (("sleeping", SLEEPING), ("counting", COUNTING)):
        add_codec(name, COMMAND.format(name=name, work=work))
        request = ReconstructionRequest(CodecConfig(name), None, (), tmp_path)
        found.append(estimated_seconds(request, middle, PILOT_SIDE**2))
    sleeping, counting = found
    assert sleeping < 0.2  # it sleeps for twice as long, on the clock
    assert counting > sleeping + 0.05


@pytest.mark.parametrize(
    ("codec", "source", "clock"),
    [
        (
            "command",
            COMMAND.format(name="command", work=""),
            "core.evaluation.visitor_jobs._processor_seconds",
        ),
        ("elsewhere", ELSEWHERE, "time.perf_counter"),
    ],
)
def test_the_start_of_an_external_codec_counts_once(
    add_codec: AddCodec,
    monkeypatch: pytest.MonkeyPatch,
    middle: np.ndarray,
    tmp_path: Path,
    codec: str,
    source: str,
    clock: str,
) -> None:
    add_codec(codec, source)
    # Twice the small square, in 0.75 and 0.5 s, and twice the middle, in 2 and 1.5 s.
    told = iter([1.0, 1.75, 2.0, 2.5, 3.0, 5.0, 6.0, 7.5])
    monkeypatch.setattr(clock, lambda: next(told))
    request = ReconstructionRequest(CodecConfig(codec), None, (), tmp_path)
    assert estimated_seconds(request, middle, 100 * PILOT_SIDE**2) == 0.5 + 100 * 1.0


def test_another_codec_is_estimated_by_processor_time(
    monkeypatch: pytest.MonkeyPatch, middle: np.ndarray, tmp_path: Path
) -> None:
    told = iter([1.0, 1.5, 3.0, 3.25])
    monkeypatch.setattr("time.process_time", lambda: next(told))
    request = ReconstructionRequest(CodecConfig("png"), None, (), tmp_path)
    assert estimated_seconds(request, middle, 8 * PILOT_SIDE**2) == 8 * 0.25
