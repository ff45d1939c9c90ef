"""Each codec and model has one name."""

from pathlib import Path

import pytest

from core.analysis.labels import label_of, labels
from core.analysis.ladder import CONFIGURATIONS, RUNGS
from core.codecs import codecs
from core.store import ArtifactStore


def test_every_codec_that_can_run_and_every_step_of_the_ladder_has_a_name_of_its_own() -> None:
    named = labels()
    assert codecs().keys() <= named.keys()
    assert {rung.codec for rung in RUNGS} <= named.keys()
    assert len(set(named.values())) == len(named)


def test_a_configuration_for_the_ladder_alone_says_so() -> None:
    assert all(label_of(rung.codec).startswith("Ladder: ") for rung in CONFIGURATIONS)


def test_a_codec_that_cannot_run_here_has_the_label_of_its_results_or_keeps_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))
    store = ArtifactStore(tmp_path)
    facts = {"theirs": {"codec": {"label": "HEIC, theirs"}}, "older": {}, "odd": {"codec": "HEIC"}}
    for name, found in facts.items():
        store.commit(f"results/imagenette160/{name}", {f"{name}.parquet": b""}, facts=found)
    assert label_of("theirs") == "HEIC, theirs"
    assert labels()["theirs"] == labels(store)["theirs"] == "HEIC, theirs"
    assert labels().keys().isdisjoint({"older", "odd"})
    assert [label_of(name) for name in ("older", "odd", "unknown")] == ["older", "odd", "unknown"]
