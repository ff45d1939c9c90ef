"""The stores that the tests of the pages stand on are what they say."""

from pathlib import Path

from core.dataset.splits import open_split
from core.evaluation.results import load_results
from core.store import ArtifactError, ArtifactStore


def test_the_full_store_reads_without_a_problem(full_store: Path) -> None:
    results = load_results(ArtifactStore(full_store), "imagenette160")
    assert results.problems == ()
    assert {"jpeg", "webp", "tiff_lzw", "ae80"} <= set(results.frame["codec"])
    assert results.frame["error"].isna().all()
    assert len(open_split(ArtifactStore(full_store), "test").ids) >= 4


def test_the_damaged_store_names_what_is_damaged_and_keeps_the_rest(damaged_store: Path) -> None:
    results = load_results(ArtifactStore(damaged_store), "imagenette160")
    named = {problem.key for problem in results.problems}
    assert named == {"results/imagenette160/jpeg", "results/imagenette160/webp"}
    assert "tiff_lzw" in set(results.frame["codec"])
    assert all(isinstance(problem, ArtifactError) for problem in results.problems)
