"""What is measured beside others, in real processes."""

import dataclasses
import sys
from pathlib import Path

import pytest

from core.timing.images import benchmark_cells
from core.timing.table import BASELINE
from pipelines.base import UserError
from pipelines.benchmark import baselines as benchmark_baselines
from pipelines.benchmark.baselines import baseline_blocks, check_baselines
from pipelines.benchmark.blocks import QUICK
from pipelines.benchmark.process import measuring_processes

#: The models that are part of the repository.
SHIPPED = Path(__file__).parents[3] / "artifacts"


def test_a_python_without_compressai_is_refused_with_the_reason():
    with pytest.raises(UserError, match="No module named 'compressai'"):
        check_baselines(sys.executable)
    with pytest.raises(UserError, match="cannot be run"):
        check_baselines("no-such-python")


def test_without_a_python_for_it_compressai_is_left_out():
    names = [block.name for block in baseline_blocks(QUICK, None)]
    assert names == ["thesis-ae80", "thesis-ae40", "thesis-ae20", "images"]
    assert len(baseline_blocks(QUICK, "python")) == len(names) + QUICK.baselines


def test_a_baseline_that_ends_gives_errors_and_ours_its_times(monkeypatch):
    monkeypatch.setattr(benchmark_baselines, "_SIZES", ((64, 32),))
    block = baseline_blocks(QUICK, "false")[-1]
    with measuring_processes(SHIPPED) as processes:
        timings = block.measure(processes)
    ours = [timing for timing in timings if timing.method == "bottleneck"]
    theirs = [timing for timing in timings if timing.method != "bottleneck"]
    assert all(timing.seconds > 0 for timing in ours)
    assert len(theirs) == 2 * len(ours)
    assert all("ended with status" in timing.error for timing in theirs)


@pytest.mark.slow
def test_both_ways_train_and_evaluate_and_ours_needs_less_memory(monkeypatch):
    count = 800
    monkeypatch.setattr(benchmark_baselines, "TRAINING_IMAGES", count)
    monkeypatch.setattr(benchmark_baselines, "_STEPS", 1)
    monkeypatch.setattr(benchmark_baselines, "benchmark_cells", lambda: benchmark_cells()[:4])
    once = dataclasses.replace(QUICK, baselines=1)
    block = next(one for one in baseline_blocks(once, None) if one.name == "thesis-ae20")
    with measuring_processes(SHIPPED) as processes:
        timings = block.measure(processes)
    assert [timing.error for timing in timings if timing.error] == []
    assert {timing.kind for timing in timings} == {BASELINE}
    found = {(timing.operation, timing.method) for timing in timings}
    both = ("fit", "evaluate", "evaluate_file")
    assert found == {(name, way) for name in both for way in ("bottleneck", "thesis")}
    peaks = {timing.method: timing.peak_bytes for timing in timings if timing.operation == "fit"}
    # The floats alone are 4 times the bytes, and Keras makes a copy of them.
    assert peaks["thesis"] - peaks["bottleneck"] > 2 * count * 160 * 160 * 3 * 4


@pytest.mark.slow
def test_metrics_and_the_feed_are_measured_once_and_of_no_model(monkeypatch):
    monkeypatch.setattr(benchmark_baselines, "TRAINING_IMAGES", 100)
    (block,) = (one for one in baseline_blocks(QUICK, None) if one.name == "images")
    with measuring_processes(SHIPPED) as processes:
        timings = block.measure(processes)
    assert [timing.error for timing in timings if timing.error] == []
    assert {timing.setting for timing in timings} == {""}
    found = {(timing.operation, timing.method) for timing in timings}
    ours, theirs = {("metrics", "bottleneck"), ("feed", "bottleneck")}, {("metrics", "thesis")}
    assert found == ours | theirs
