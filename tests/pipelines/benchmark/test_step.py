"""The benchmark on two codecs and small images, in real processes."""

import io
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr
from typing import NamedTuple

import pytest

from core.codecs.base import OperatingPoint
from core.store import ArtifactStore
from core.timing.table import benchmark_key, load_benchmarks, medians
from pipelines.benchmark import step as benchmark
from pipelines.benchmark.blocks import (
    BenchmarkedPoints,
    Rounds,
    TimingBlock,
    benchmarked_points,
    codec_blocks,
)
from pipelines.benchmark.plan import Part, busy_cores
from pipelines.benchmark.process import measuring_processes
from pipelines.claims import Claims

SIZE = (64, 48)
ROUNDS = Rounds(warm={SIZE: 2}, cold={SIZE: 1}, evaluate=1, train=1, pages=1)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    return ArtifactStore.default()


class Benchmarked(NamedTuple):
    """A store in which the benchmark has run once, and what it said."""

    store: ArtifactStore
    said: str


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The benchmark of two codecs, of a small image and in few rounds."""

    def two(found):
        every = benchmarked_points(found)
        chosen = [one for one in every.found if one.codec in ("jpeg", "avif")]
        return BenchmarkedPoints(chosen, every.left_out)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path_factory.mktemp("small") / "artifacts"))
        patch.setattr(benchmark, "benchmarked_points", two)
        patch.setattr(benchmark, "QUICK", ROUNDS)
        with redirect_stderr(io.StringIO()) as said:
            assert run() == 0
        yield Benchmarked(ArtifactStore.default(), said.getvalue())


def run(*arguments):
    return benchmark.main(["--quick", "--only", "codecs", *arguments])


@pytest.mark.slow
def test_each_codec_is_timed_cold_and_warm_by_operation(small):
    found = load_benchmarks(small.store)
    frame = found.frame
    assert frame["error"].isna().all()
    assert (frame["seconds"] > 0).all()
    one_core = frame[(frame["method"] == "jpeg") & (frame["operation"] != "evaluate")]
    counts = one_core.groupby(["start", "operation"]).size().to_dict()
    expected = {("cold", one): 1 for one in ("encode", "decode")}
    assert counts == expected | {("warm", one): 2 for one in ("encode", "decode")}
    assert (frame["operation"] == "evaluate").sum() == 2
    assert found.manifests["codecs"].facts["quick"] is True
    assert len(medians(frame)) < len(frame)


@pytest.mark.slow
def test_only_codecs_that_can_use_a_second_core_are_timed_with_one(small):
    frame = load_benchmarks(small.store).frame
    cores = frame.groupby("method")["threads"].max()
    assert cores["jpeg"] == 1
    assert cores["avif"] == min(2, len(os.sched_getaffinity(0)))
    assert set(frame["setting"][frame["method"] == "avif"]) == {"quality=60"}


@pytest.mark.slow
def test_cold_processes_tell_their_memory_and_their_start(small):
    frame = load_benchmarks(small.store).frame
    cold, warm = frame[frame["start"] == "cold"], frame[frame["start"] == "warm"]
    assert (cold["startup_seconds"] > 0).all()
    assert (cold["peak_bytes"] >= cold["baseline_bytes"]).all()
    assert (cold["baseline_bytes"] > 10e6).all()
    assert warm["peak_bytes"].isna().all()


@pytest.mark.slow
def test_codecs_without_a_model_are_left_out_by_name(small):
    left_out = small.store.manifest(benchmark_key("codecs")).facts["left_out"]
    assert {"ae20", "ae40", "ae80"} <= set(left_out)
    assert "pipelines.train ae80" in left_out["ae80"]
    assert "ae80: left out." in small.said


@pytest.mark.slow
def test_what_is_up_to_date_is_not_measured_again(small, capsys):
    before = small.store.manifest(benchmark_key("codecs")).created
    assert run() == 0
    assert "up to date" in capsys.readouterr().err
    assert small.store.manifest(benchmark_key("codecs")).created == before
    assert small.store.keys("cache/") == []


def test_a_stopped_benchmark_goes_on_after_its_last_piece(store):
    measured = []

    def block(name, *, stops=False):
        def measure(processes):
            if stops and name not in measured:
                measured.append(name)
                raise KeyboardInterrupt
            measured.append(name)
            return []

        return TimingBlock(name, 1.0, measure)

    part = Part(store, "codecs", [block("first"), block("second", stops=True)])

    def go_on(*, busy):
        for one in part.pending():
            part.keep(one, one.measure(None), busy_cores_before=busy)

    with pytest.raises(KeyboardInterrupt):
        go_on(busy=0.5)
    go_on(busy=0.1)
    assert measured == ["first", "second", "second"]
    manifest = part.finish()
    assert manifest.facts["machine"]["busy_cores_before"] == 0.5
    assert part.is_done()
    assert store.keys("cache/") == []


def test_another_version_of_a_baseline_is_measured_anew(store):
    def part(**facts):
        known = {"baselines": "CompressAI 1", "programs": "digest", **facts}
        return Part(
            store,
            "codecs",
            [TimingBlock("one", 1.0, lambda processes: [])],
            facts=known,
            compared=("baselines", "programs"),
        )

    first = part()
    first.keep(first.blocks[0], [], busy_cores_before=None)
    assert not part().pending()
    newer = part(baselines="CompressAI 2")
    assert newer.pending()
    first.finish()
    assert part().is_done()
    assert not newer.is_done()
    assert not part(programs="another").is_done()
    # What an earlier version did not store outdates nothing.
    stored = dict(store.manifest(benchmark_key("codecs")).facts)
    del stored["programs"]
    store.restate(benchmark_key("codecs"), stored)
    assert part(programs="another").is_done()


def test_other_rounds_make_other_pieces(store):
    assert Part(store, "codecs", []).fingerprint != (
        Part(store, "codecs", [TimingBlock("one", 1.0, lambda processes: [])]).fingerprint
    )


def test_codecs_take_turns_within_a_round(store):
    chosen = [one for one in benchmarked_points(store).found if one.codec in ("jpeg", "png")]
    [block] = [one for one in codec_blocks(chosen, ROUNDS) if one.name == "warm-64x48-1-00"]
    with measuring_processes(store.root) as processes:
        rows = block.measure(processes)
    assert [(row.method, row.operation) for row in rows] == [
        ("jpeg", "encode"),
        ("jpeg", "decode"),
        ("png", "encode"),
        ("png", "decode"),
    ]


def test_a_process_that_dies_gives_an_error_and_is_replaced(store):
    request = {"method": "jpeg", "operation": "code", "start": "warm", "width": 2, "height": 2}
    with measuring_processes(store.root) as processes:
        process = processes.warm("codecs", cores=1)
        os.kill(process._process.pid, signal.SIGKILL)
        assert "ended with status -9" in process.ask(request, bytes(12)).facts["error"]
        again = processes.warm("codecs", cores=1)
        assert "error" not in again.ask(request, bytes(12)).facts
    assert not again.is_alive


def test_what_a_codec_refuses_is_its_result(store):
    request = {"method": "jpeg", "operation": "decode", "start": "cold"}
    with measuring_processes(store.root) as processes, processes.fresh(cores=1) as process:
        answer = process.ask(request, b"no image")
        assert answer.facts["error"].startswith("CodecError: ")
        assert process.is_alive


def test_a_process_keeps_to_its_cores(store):
    jpeg = next(one for one in benchmarked_points(store).found if one.codec == "jpeg")
    assert isinstance(jpeg, OperatingPoint)
    with measuring_processes(store.root) as processes, processes.fresh(cores=1) as process:
        assert len(os.sched_getaffinity(process._process.pid)) == 1


def test_the_machine_tells_how_busy_it_is():
    busy = busy_cores(0.05)
    assert busy is None or 0 <= busy <= (os.cpu_count() or 1)


def test_an_unknown_part_ends_with_status_2(store, capsys):
    assert benchmark.main(["--only", "everything"]) == 2
    assert "codecs" in capsys.readouterr().err


def test_what_another_process_measures_is_left_alone(store, capsys, monkeypatch):
    monkeypatch.setattr(benchmark, "_codecs", lambda config, store, say: Part(store, "codecs", []))
    with ThreadPoolExecutor(1) as other, Claims(store) as claims:
        assert other.submit(claims.take, "cache/benchmark/codecs").result()
        assert run() == 0
        other.submit(claims.give_back, "cache/benchmark/codecs").result()
    assert "codecs: is being measured by another process; it is left out." in (
        capsys.readouterr().err
    )
    assert store.keys() == []


def test_baselines_are_left_out_beside_models_of_a_similar_name_alone(store, capsys):
    for name in ("ae20", "ae40", "ae80_rd"):
        store.commit(f"models/{name}", {f"{name}/card.json": b"{}"}, facts={})
    assert benchmark.main(["--only", "baselines"]) == 0
    assert "left out; they are timed beside ae80, not trained here" in capsys.readouterr().err


def test_a_python_for_a_part_that_is_left_out_is_refused(store, capsys):
    assert run("--baselines", "python") == 2
    assert "--baselines PYTHON times the part baselines, which --only leaves out" in (
        capsys.readouterr().err
    )
