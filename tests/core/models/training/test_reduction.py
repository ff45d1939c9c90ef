"""What a published model can do without, and what it says when it is asked for it."""

from pathlib import Path

import pytest

from core.errors import Refusal
from core.evaluation.fingerprint import model_digest
from core.models import get_model
from core.models.training.derived_files import add_derived_files
from core.models.training.published import published_weights
from core.models.training.reduction import reduce_model
from core.store import ArtifactStore
from pipelines.train import main

NAME, KEY = "ladder_lattice", "models/ladder_lattice"
FILES = ("card.json", "config.json", "entropy.npz", "refinement.onnx", "weights.npz")


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    store = ArtifactStore(tmp_path)
    files = {f"{NAME}/{file}": b"{}" for file in FILES}
    store.commit(KEY, files, facts={"architecture": "bottleneck"})
    return store


def left(store: ArtifactStore) -> set[str]:
    return {name.removeprefix(f"{NAME}/") for name in store.manifest(KEY).files}


@pytest.mark.parametrize(
    ("use", "removed"),
    [
        ("effort", {"refinement.onnx"}),
        ("training", {"weights.npz"}),
        ("both", {"refinement.onnx", "weights.npz"}),
    ],
)
def test_a_model_loses_what_one_use_of_it_needs_and_keeps_its_results(
    use: str, removed: set[str], store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(store.root))
    before = model_digest(store, NAME)
    assert main(["bottleneck", "--name", NAME, "--reduce", use]) == 0
    assert left(store) == set(FILES) - removed
    assert model_digest(store, NAME) == before


def test_a_model_that_has_nothing_to_remove_says_so(store: ArtifactStore) -> None:
    assert reduce_model(store, NAME, ["effort"]) == ("refinement.onnx",)
    with pytest.raises(Refusal, match=r"ladder_lattice has no refinement\.onnx"):
        reduce_model(store, NAME, ["effort"])


def test_a_model_without_its_weights_names_the_command_that_trains_it_anew(
    store: ArtifactStore,
) -> None:
    reduce_model(store, NAME, ["training", "effort"])
    command = (
        "`python -m pipelines.train bottleneck --preset ladder_lattice --name ladder_lattice "
        "--replace`"
    )
    with pytest.raises(Refusal, match=command):
        published_weights(store.open(KEY), NAME)
    with pytest.raises(Refusal, match="--complete has nothing to make files of"):
        add_derived_files(store, NAME, get_model("bottleneck"))
