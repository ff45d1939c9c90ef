"""What the report tells of the provenance of its numbers."""

from core.report.process import source_section
from core.store import Manifest


def manifest(name: str) -> Manifest:
    provenance = {"versions": {"numpy": "2.4.6"}}
    return Manifest(f"results/x/{name}", "2026-01-02T10:00:00+00:00", provenance, {}, {})


def test_the_libraries_are_those_of_one_artifact_or_of_several() -> None:
    alone = source_section([manifest("jpeg")], [])
    assert alone.paragraphs == ("Libraries of 1 artifact: numpy 2.4.6.",)
    both = source_section([manifest("jpeg"), manifest("webp")], [])
    assert both.paragraphs == ("Libraries of 2 artifacts: numpy 2.4.6.",)
