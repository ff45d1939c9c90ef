"""The scan engine on JAX's CPU backend, in processes of its own."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.core.models.backends import environment_on

ROOT = Path(__file__).parents[4]
CHECKS = Path(__file__).with_name("scan_checks.py")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed"),
]


def _run(check: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CHECKS), check, str(folder)],
        cwd=ROOT,
        env={**environment_on("jax"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def _found(check: str, folder: Path) -> Any:
    answer = _run(check, folder)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("check", "tolerance"),
    [("autoencoder", 1e-5), ("rate_autoencoder", 2e-3), ("bottleneck", 2e-3)],
)
def test_the_same_batches_give_what_fit_gives(check: str, tolerance: float, tmp_path: Path) -> None:
    found = _found(check, tmp_path)

    assert found["rows"][0] == found["rows"][1]
    assert found["names"] == []
    assert found["losses"][0] == pytest.approx(found["losses"][1], rel=tolerance)
    assert found["validation"][0] == pytest.approx(found["validation"][1], rel=tolerance)
    # Discrete rounding amplifies the rounding of sums, so the larger model is held less closely.
    assert found["weights"] < found["moved"] / 4


def test_weights_that_became_nan_are_rolled_back_and_after_three_times_the_rate_decays(
    tmp_path: Path,
) -> None:
    found = _found("rolled_back", tmp_path)

    assert found["finite"]
    assert found["whole"] == [1, 1]
    assert np.isfinite(found["losses"]).all()
    assert found["guards"]["rollbacks"] == 3
    assert found["guards"]["factor"] == 1 / 8
    assert found["guards"]["decay_from"] < 1
    assert "2 of 2 steps were not applied" in found["said"]
    assert found["said"].count("back to the last good weights") == 3
    # The epoch after the rollbacks learns from the good weights.
    assert found["losses"][-1] < found["losses"][0]


def test_a_step_that_would_make_the_weights_nan_is_not_applied(tmp_path: Path) -> None:
    found = _found("one_bad_step", tmp_path)

    assert found["finite"]
    assert found["guards"]["step"] == 4
    assert found["guards"]["applied"] == found["iterations"] == 3
    assert "rollbacks" not in found["guards"]


def test_a_training_that_was_stopped_between_chunks_ends_as_if_it_had_not_been(
    tmp_path: Path,
) -> None:
    found = _found("stopped", tmp_path)

    assert found["position"] == [0, 3]
    assert found["fit"] == 0
    assert found["losses"][0] == pytest.approx(found["losses"][1], rel=1e-5)
    assert found["weights"] < 1e-5


def test_a_training_that_was_killed_goes_on_after_its_last_epoch(tmp_path: Path) -> None:
    assert _run("killed", tmp_path).returncode == 9
    found = _found("after_kill", tmp_path)

    assert found == {"epoch": 1, "rows": 2}


def test_the_clock_ends_a_training_and_its_weights_were_kept(tmp_path: Path) -> None:
    found = _found("by_clock", tmp_path)

    # Two trainings of six seconds each; the second that an epoch's end takes is within, but the
    # last looks at the clock are not.
    assert all(6 <= seconds < 6.5 for seconds in found["seconds"])
    assert found["ended_by"] == ["time limit", "time limit"]
    assert found["stage_steps"] >= 4
    assert found["trained_on"] == 0
    rates = found["rates"]
    assert rates[-1] < 0.2 * max(rates)
    assert found["keys"] == [f"cache/train/ae80/weights-{name}" for name in ("a", "b", "best")]
    assert found["best"] < 1e-6


def test_a_training_that_was_rolled_back_goes_on_at_the_lowered_rate(tmp_path: Path) -> None:
    found = _found("after_rollbacks", tmp_path)

    assert found == {"factor": 0.25, "decay_from": 0.3, "warm_from": 5000}


def test_each_engine_goes_on_with_the_schedule_and_the_rate_of_the_other(tmp_path: Path) -> None:
    found = _found("alternately", tmp_path)

    assert found["firsts"] == [4, 6, 12, 14]
    assert found["rate"] == pytest.approx(0.002 / 3)


def test_batches_have_crops_of_photographs_and_keep_shape_and_type(tmp_path: Path) -> None:
    found = _found("samples", tmp_path)

    assert found["inside"]
    # Photographs of 20, 40 and 60 rows, by their pixels.
    assert found["shares"] == pytest.approx([1 / 6, 2 / 6, 3 / 6], abs=0.1)
    assert (found["shape"], found["dtype"]) == ([20, 16, 16, 3], "uint8")
    assert found["unchanged"] < 10
