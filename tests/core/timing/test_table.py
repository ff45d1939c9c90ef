import socket
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from core.store import ArtifactStore
from core.timing.table import (
    Timing,
    benchmark_key,
    from_parquet,
    image_sizes,
    load_benchmarks,
    machine_facts,
    medians,
    to_parquet,
    was_busy,
)

TIMING = Timing(
    method="jpeg",
    label="JPEG",
    kind="lossy",
    operation="encode",
    start="warm",
    threads=1,
    repeat=0,
    setting="quality=75",
    width=768,
    height=512,
    seconds=0.004,
    file_bytes=50_000,
)


def _rounds(*seconds: float | None) -> list[Timing]:
    return [replace(TIMING, repeat=number, seconds=one) for number, one in enumerate(seconds)]


def _commit(store: ArtifactStore, part: str, timings: list[Timing], **machine: object) -> None:
    facts = {"machine": machine}
    store.commit(benchmark_key(part), {f"{part}.parquet": to_parquet(timings)}, facts=facts)


def test_a_measurement_comes_back_as_it_was_written() -> None:
    frame = from_parquet(to_parquet([TIMING, replace(TIMING, seconds=None, error="too large")]))
    assert frame["seconds"].iloc[0] == 0.004
    assert frame["setting"].tolist() == ["quality=75"] * 2
    assert frame["peak_bytes"].isna().all()
    assert frame["error"].iloc[1] == "too large"


def test_the_median_and_the_quartiles_are_over_the_rounds() -> None:
    [row] = medians(from_parquet(to_parquet(_rounds(5, 1, 2, 4, 3)))).to_dict("records")
    assert (row["seconds"], row["seconds_q1"], row["seconds_q3"]) == (3, 2, 4)
    assert row["repeats"] == 5
    assert row["pixels_per_second"] == 768 * 512 / 3


def test_things_that_differ_are_not_averaged() -> None:
    others = [
        replace(TIMING, operation="decode"),
        replace(TIMING, start="cold"),
        replace(TIMING, threads=2),
        replace(TIMING, width=160, height=160),
        replace(TIMING, method="webp"),
        replace(TIMING, width=None, height=None),
    ]
    assert len(medians(from_parquet(to_parquet([TIMING, *others])))) == 7


def test_an_error_counts_only_where_no_round_gave_a_time() -> None:
    failed = replace(TIMING, seconds=None, error="crashed")
    [mixed] = medians(from_parquet(to_parquet([TIMING, failed]))).to_dict("records")
    assert pd.isna(mixed["error"])
    [lost] = medians(from_parquet(to_parquet([failed, failed]))).to_dict("records")
    assert lost["error"] == "crashed"
    assert lost["repeats"] == 0
    assert pd.isna(lost["seconds"])


def test_rows_of_another_command_stand_beside_those_of_the_benchmark(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    _commit(store, "codecs", [TIMING])
    _commit(store, "others", [replace(TIMING, method="elsewhere", label="Another library")])
    found = load_benchmarks(store)
    assert set(found.frame["method"]) == {"jpeg", "elsewhere"}
    assert set(found.manifests) == {"codecs", "others"}


@pytest.mark.parametrize("content", [b"no table", b""])
def test_a_damaged_part_is_named_and_the_others_are_read(tmp_path: Path, content: bytes) -> None:
    store = ArtifactStore(tmp_path)
    _commit(store, "codecs", [TIMING])
    store.commit(benchmark_key("training"), {"training.parquet": content}, facts={})
    found = load_benchmarks(store)
    assert len(found.frame) == 1
    [problem] = found.problems
    assert "python -m pipelines.benchmark" in str(problem)


def test_an_empty_store_has_an_empty_table_with_all_columns(tmp_path: Path) -> None:
    frame = load_benchmarks(ArtifactStore(tmp_path)).frame
    assert frame.empty
    assert medians(frame).empty
    assert image_sizes(frame) == []


def test_the_machine_is_described_and_not_named(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    _commit(store, "codecs", [TIMING], memory_bytes=2**34, busy_cores_before=0.01)
    manifest = store.manifest(benchmark_key("codecs"))
    facts = machine_facts(manifest)
    assert facts["Memory"] == "16.0 GiB"
    assert facts["Processor"] != "unknown"
    assert "numpy" in facts["Libraries"]
    written = (tmp_path / "benchmarks" / "codecs.manifest.json").read_text().split('"')
    assert socket.gethostname() not in written


@pytest.mark.parametrize(("busy", "expected"), [(0.0, False), (1.5, True), (None, False)])
def test_a_busy_machine_is_noticed(tmp_path: Path, busy: float | None, expected: bool) -> None:
    store = ArtifactStore(tmp_path)
    _commit(store, "codecs", [TIMING], busy_cores_before=busy)
    assert was_busy(store.manifest(benchmark_key("codecs"))) is expected


def test_sizes_are_sorted_by_their_pixels() -> None:
    timings = [replace(TIMING, width=w, height=h) for w, h in ((768, 512), (160, 160), (768, 512))]
    assert image_sizes(from_parquet(to_parquet(timings))) == [(160, 160), (768, 512)]
