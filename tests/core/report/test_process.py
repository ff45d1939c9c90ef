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
    assert alone.paragraphs[0] == "Libraries of 1 artifact: numpy 2.4.6."
    both = source_section([manifest("jpeg"), manifest("webp")], [])
    assert both.paragraphs[0] == "Libraries of 2 artifacts: numpy 2.4.6."


def test_encoders_are_those_of_results_each_with_its_codecs() -> None:
    """A history's fact `model` is a name, and not the digest of a model that coded."""
    found = [
        replace(manifest("webp"), facts={"program": "libwebp 1.6.0"}),
        replace(manifest("bottleneck"), facts={"model": "0123456789abcdef"}),
        replace(manifest("webp_slow"), facts={"program": "libwebp 1.6.0"}),
        replace(manifest("ae20"), key="histories/ae20", facts={"model": "ae20"}),
    ]
    section = source_section(found, [])
    assert section.paragraphs[-1] == (
        "Encoders: libwebp 1.6.0 (WebP / WebP, method 6); model 01234567 (BNK)."
    )
    [table] = section.parts
    assert table.frame["encoder"].isna().tolist() == [False, False, False, True]


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
