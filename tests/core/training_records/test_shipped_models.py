"""The shipped models: how much room they take, and that nothing of them is missing."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from core.analysis.ladder import CONFIGURATIONS, RUNGS
from core.analysis.stored_ladder import load_ladder
from core.dataset.splits import DEFAULT
from core.store import ArtifactStore, MissingArtifact
from core.training_records.model_cards import check_files, read_cards

ROOT = Path(__file__).parents[3]
STORE = ArtifactStore.default()
#: All files that the repository holds of models, in bytes.
LIMIT = 60_000_000


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_models_take_no_more_room_than_a_repository_should() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "artifacts/models"], cwd=ROOT, capture_output=True, text=True
    )
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    if not paths:
        pytest.skip("This is no checkout of the repository.")
    total = sum(path.stat().st_size for path in paths if path.exists())
    assert total <= LIMIT


@pytest.mark.parametrize("name", [rung.codec for rung in RUNGS])
def test_every_file_of_a_step_of_the_ladder_is_that_of_its_manifest(name: str) -> None:
    assert not [file for file in check_files(STORE, read_cards(STORE).cards[name]) if file.fault]


def test_the_steps_of_the_ladder_are_without_what_only_a_search_or_training_needs() -> None:
    for rung in CONFIGURATIONS:
        names = {file.rpartition("/")[2] for file in STORE.manifest(f"models/{rung.codec}").files}
        assert not names & {"refinement.onnx", "weights.npz"}


@pytest.mark.parametrize("name", [key.removeprefix("models/") for key in STORE.keys("models/")])
def test_a_card_tells_the_plan_that_the_history_was_trained_by(name: str) -> None:
    model = STORE.open(f"models/{name}")
    try:
        trained = STORE.manifest(f"histories/{name}").facts
    except MissingArtifact:
        pytest.skip(f"There is no history of {name}.")
    if trained.get("run") != model.facts.get("run"):
        pytest.skip(f"The history of {name} is of another training.")
    card = model.parsed(f"{name}/card.json", json.loads, reason="is not JSON")
    config = model.parsed(f"{name}/config.json", json.loads, reason="is not JSON")
    assert card["config"] == config == trained["config"]


def test_the_measurements_of_the_ladder_are_of_the_models_that_are_shipped() -> None:
    assert [step.codec for step in load_ladder(STORE, DEFAULT).steps] == [r.codec for r in RUNGS]
