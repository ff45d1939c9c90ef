"""What the report tells of the provenance of its numbers."""

from dataclasses import replace

from core.report.process import source_section, speed_section
from core.store import Manifest
from core.timing.table import BASELINE, Benchmarks, Timing, from_parquet, to_parquet


def manifest(name: str) -> Manifest:
    provenance = {"versions": {"numpy": "2.4.6"}}
    return Manifest(f"results/x/{name}", "2026-01-02T10:00:00+00:00", provenance, {}, {})


def test_the_libraries_are_those_of_one_artifact_or_of_several() -> None:
    alone = source_section([manifest("jpeg")], [])
    assert alone.paragraphs == ("Libraries of 1 artifact: numpy 2.4.6.",)
    both = source_section([manifest("jpeg"), manifest("webp")], [])
    assert both.paragraphs == ("Libraries of 2 artifacts: numpy 2.4.6.",)


def test_times_beside_baselines_are_not_mixed_with_those_of_the_codecs() -> None:
    ours = [
        Timing("bottleneck", "BNK", "learned", operation, "warm", 1, 0, "quality=50", 160, 160, 0.1)
        for operation in ("encode", "decode")
    ]
    beside = [replace(one, kind=BASELINE, setting="", seconds=0.2) for one in ours]
    theirs = [replace(one, method="compressai", label="CompressAI") for one in beside]
    frame = from_parquet(to_parquet([*ours, *beside, *theirs]))
    plot, times, _ = speed_section(Benchmarks(frame, (), {})).parts
    assert plot.names == ("BNK",)
    assert [*plot.numbers()["operation"]] == ["encode", "decode"]
    assert set(times.frame["milliseconds"]) == {100.0}
