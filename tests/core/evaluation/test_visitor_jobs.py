"""How long a visitor's job is estimated to take."""

from pathlib import Path

import numpy as np
import pytest

from core.evaluation.comparison import CodecConfig
from core.evaluation.visitor_jobs import PILOT_SIDE, ReconstructionRequest, estimated_seconds
from tests.conftest import AddCodec

#: Takes 0.05 s for any image, and 0.3 s more where the image has more than a few bytes.
SLEEPING = """
    from dataclasses import dataclass
    from typing import ClassVar
    from core.codecs.external.command_line import CommandLineCodec

    LABEL, KIND = "Sleeping", "lossless"

    @dataclass(frozen=True)
    class Sleeping(CommandLineCodec):
        codec: ClassVar[str] = "sleeping"
        suffix: ClassVar[str] = ".png"
        encoder: ClassVar[str] = (
            "sh -c 'sleep 0.05; find -size +2k -exec sleep 0.3 \\\\;; cp input.png output.png'"
        )
        decoder: ClassVar[str] = "cp {input} {output}"

    def sweep(store=None):
        return [Sleeping()]
"""


@pytest.fixture
def middle() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (PILOT_SIDE, PILOT_SIDE, 3), np.uint8)


def test_an_external_codec_is_estimated_by_the_clock_and_its_start_counts_once(
    add_codec: AddCodec, middle: np.ndarray, tmp_path: Path
) -> None:
    add_codec("sleeping", SLEEPING)
    request = ReconstructionRequest(CodecConfig("sleeping"), None, (), tmp_path)
    share = 100
    seconds = estimated_seconds(request, middle, share * PILOT_SIDE**2)
    assert 0.9 * share * 0.3 < seconds < 2 * share * 0.3
    small = np.ascontiguousarray(middle[:16, :16])
    assert 0.05 < estimated_seconds(request, small, share * 16**2) < 5


def test_another_codec_is_estimated_by_processor_time(
    monkeypatch: pytest.MonkeyPatch, middle: np.ndarray, tmp_path: Path
) -> None:
    told = iter([1.0, 1.5, 3.0, 3.25])
    monkeypatch.setattr("time.process_time", lambda: next(told))
    request = ReconstructionRequest(CodecConfig("png"), None, (), tmp_path)
    assert estimated_seconds(request, middle, 8 * PILOT_SIDE**2) == 8 * 0.25
