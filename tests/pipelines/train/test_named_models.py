"""A model of a person's own, and what is shipped beside it."""

import json
import shutil
from pathlib import Path

import pytest

from core.models import get_model
from core.models.training.checkpoints import Checkpoints
from core.models.training.progress import Progress
from core.models.training.weight_pieces import WeightPieces
from core.store import ArtifactStore
from core.training_records.history_facts import HistoryFacts
from pipelines.train import main
from tests.pipelines.train.small_trainings import history_rows, prepare_blocks

TINY = ["ae20", "--filters", "2", "2", "2", "--batch", "120", "--epochs", "1"]


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    """A store in which one training has ended."""
    store = ArtifactStore(tmp_path_factory.mktemp("trained") / "artifacts")
    prepare_blocks(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTLENECK_ARTIFACTS", str(store.root))
        assert main(TINY) == 0
    return store


def _shipped(store: ArtifactStore) -> dict[str, str]:
    """Digest of each file of what is published as `ae20`."""
    keys = ("models/ae20", "histories/ae20")
    return {name: entry.sha256 for key in keys for name, entry in store.manifest(key).files.items()}


@pytest.mark.slow
def test_a_model_of_a_persons_own_lies_beside_the_shipped_one(
    trained: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in trained.keys("checkpoints/"):  # as in a clone, which has none
        trained.delete(key)
    shipped = _shipped(trained)
    capsys.readouterr()

    for flags in ([], ["--restart"], ["--finetune"], ["--resume"]):
        assert main([*TINY, *flags]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "--name NAME`, or replace it with --replace" in line
    assert main([*TINY, "--name", "mine"]) == 0
    assert main([*TINY, "--name", "tuned", "--finetune", "--epochs", "2"]) == 0
    assert _shipped(trained) == shipped
    card = json.loads(trained.read("models/mine", "mine/card.json"))
    assert (card["model"], card["architecture"]) == ("mine", "ae20")
    assert card["label"] == "Autoencoder, 3 layers (20x20), mine"
    assert trained.manifest("histories/mine").facts["architecture"] == "ae20"
    assert len(trained.keys("checkpoints/mine/")) == 1

    assert main([*TINY, "--replace"]) == 0
    assert _shipped(trained) != shipped


@pytest.mark.slow
def test_a_training_publishes_again_what_its_own_checkpoints_show_to_be_its_own(
    trained: ArtifactStore,
) -> None:
    assert main([*TINY, "--resume", "--epochs", "2"]) == 0
    trained.delete("histories/ae20")  # as where the checkpoint of another machine came back alone
    assert main(["ae20", "--export"]) == 0
    facts = HistoryFacts.of(trained.open("histories/ae20"))
    assert facts.run == trained.manifest("models/ae20").facts["run"]
    assert (facts.ended_by, facts.running) == ("epoch limit", {})
    assert [row["epoch"] for row in history_rows(trained)] == [1, 2]
    assert json.loads(trained.read("models/ae20", "ae20/card.json"))["training"]["epochs"] == 2


@pytest.mark.slow
def test_the_permission_to_replace_is_kept_until_the_training_is_published(
    trained: ArtifactStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in trained.keys("checkpoints/"):
        trained.delete(key)
    shutil.copytree(trained.root / "models", tmp_path / "shipped")
    assert main([*TINY, "--replace"]) == 0
    # As if it had been stopped before it was published.
    shutil.rmtree(trained.root / "models")
    shutil.copytree(tmp_path / "shipped", trained.root / "models")

    assert main([*TINY, "--resume", "--epochs", "2"]) == 0
    assert json.loads(trained.read("models/ae20", "ae20/card.json"))["training"]["epochs"] == 2

    shutil.rmtree(trained.root / "models")
    shutil.copytree(tmp_path / "shipped", trained.root / "models")
    for key in trained.keys("checkpoints/"):
        trained.delete(key)
    capsys.readouterr()
    assert main([*TINY, "--resume", "--replace"]) == 2
    assert "The history of ae20 is of another training" in capsys.readouterr().err


@pytest.mark.slow
def test_a_damaged_model_is_made_again_as_its_error_advises(trained: ArtifactStore) -> None:
    for key in trained.keys("checkpoints/"):
        trained.delete(key)
    for name in ("models/ae20/decoder.onnx", "histories/ae20.csv"):
        (trained.root / name).write_bytes(b"damaged")
    assert main(TINY) == 0


@pytest.mark.slow
def test_a_stage_begins_from_the_published_model_that_is_named(
    store: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TINY, "--name", "small"]) == 0
    tuned = [*TINY, "--name", "tuned", "--finetune", "--epochs", "2"]
    capsys.readouterr()

    assert main(tuned) == 2
    assert "tuned is not published yet" in capsys.readouterr().err
    assert main([*tuned, "--from-model", "absent"]) == 2
    assert (
        "absent is not published yet; start with `python -m pipelines.train ae20 --name absent`."
        in capsys.readouterr().err
    )
    assert main([*tuned, "--from-model", "small"]) == 0
    assert store.exists("models/tuned")
    assert not store.exists("models/ae20")
    facts = store.manifest(store.keys("checkpoints/tuned/")[-1]).facts
    assert facts["progress"]["source"] == "small"


def test_weights_that_came_back_without_their_checkpoint_are_not_trained_over(
    store: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    pieces = WeightPieces(store, "mine")
    checkpoints = Checkpoints(store, "mine", get_model("ae20").config, "data")
    pieces.save_best({}, checkpoints, Progress(images=1, run="lost"))
    kept = pieces.sets()
    refused: tuple[list[str], ...] = ([], ["--resume"])
    for _ in range(2):
        for flags in refused:
            assert main([*TINY, "--name", "mine", "--replace", *flags]) == 2
            assert (
                "Publish them with `python -m pipelines.train ae20 --name mine --export`, or"
                in (capsys.readouterr().err)
            )
            assert pieces.sets() == kept
        # Nor where another training's model is published.
        store.commit("models/mine", {"mine/card.json": b"{}"}, facts={"run": "another"})
        refused = ([], ["--resume"])
