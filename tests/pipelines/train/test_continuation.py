"""From which checkpoint or model a training goes on."""

import json

import pytest

from core.store import ArtifactStore
from pipelines.train import main
from tests.pipelines.train.small_trainings import (
    COUNTS,
    history_rows,
    optimizer_steps,
    preview_epochs,
)


@pytest.mark.slow
def test_a_further_stage_begins_at_the_published_model_with_a_plan_of_its_own(
    store: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["ae20", "--filters", "4", "4", "4"]
    assert main([*flags, "--batch", "16", "--epochs", "1"]) == 0
    before = history_rows(store)
    capsys.readouterr()

    # Another plan, but not another network.
    other = ["ae20", "--filters", "4", "4", "8", "--batch", "8", "--finetune"]
    assert main([*other, "--replace"]) == 2
    assert "filters [4, 4, 4] instead of [4, 4, 8]" in capsys.readouterr().err
    assert main([*flags, "--batch", "8", "--epochs", "2", "--finetune", "--replace"]) == 0
    assert "a fine-tuning stage: goes on after epoch 1" in capsys.readouterr().err
    after = history_rows(store)
    assert (after[:1], len(after)) == (before, 2)
    card = json.loads(store.read("models/ae20", "ae20/card.json"))
    assert card["training"]["plan_start"] == 1
    assert [key.rpartition("/")[2] for key in store.keys("checkpoints/ae20/")] == ["epoch-0002"]


@pytest.mark.slow
def test_checkpoints_are_neither_overwritten_nor_mixed_up(
    store: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    short = ["ae20", "--batch", "16", "--epochs", "1"]
    assert main(short) == 0
    before = store.manifest("checkpoints/ae20/epoch-0001")
    capsys.readouterr()

    assert main(short) == 2
    assert "epoch-0001 exists. Go on from it with" in capsys.readouterr().err
    assert main(["ae20", "--resume", "--batch", "8"]) == 2
    assert "batch 16 instead of 8" in capsys.readouterr().err
    assert store.manifest("checkpoints/ae20/epoch-0001") == before
    # What is not given is as it was.
    assert main(["ae20", "--resume", "--epochs", "2"]) == 0
    assert optimizer_steps(store) == 2 * COUNTS["train"] // 16
    assert main([*short, "--restart", "--replace"]) == 0
    assert store.manifest("checkpoints/ae20/epoch-0001") != before


@pytest.mark.slow
def test_without_checkpoints_a_training_goes_on_from_the_published_model(
    store: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["ae20", "--batch", "16", "--filters", "4", "4", "4"]
    assert main([*flags, "--epochs", "2"]) == 0
    before = history_rows(store)
    card = json.loads(store.read("models/ae20", "ae20/card.json"))
    best = card["training"]["best_epoch"]
    for key in store.keys("checkpoints/"):
        store.delete(key)
    capsys.readouterr()

    assert main([*flags, "--resume"]) == 2
    assert "models/ae20 is there already" in capsys.readouterr().err
    flags.append("--replace")
    assert main([*flags, "--resume", "--learning-rate", "0.1"]) == 2
    assert "learning_rate 0.0021 instead of 0.1" in capsys.readouterr().err
    assert main([*flags, "--resume", "--epochs", str(best + 1)]) == 0
    assert f"goes on after epoch {best} from the published weights" in capsys.readouterr().err
    after = history_rows(store)
    assert after[:best] == before[:best]
    assert len(after) == best + 1
    # The weights were good ones: the next epoch is no worse than the first was.
    assert after[-1]["loss"] < before[0]["loss"]
    assert preview_epochs(store) == list(range(1, best + 2))
    card = json.loads(store.read("models/ae20", "ae20/card.json"))
    assert card["training"]["images_seen"] == (best + 1) * COUNTS["train"]


@pytest.mark.slow
def test_a_damaged_checkpoint_costs_one_epoch(
    store: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["ae20", "--batch", "16", "--epochs", "2"]
    assert main(flags) == 0
    path = store.path("checkpoints/ae20/epoch-0002", "epoch-0002.npz")
    path.write_bytes(path.read_bytes()[:-1])
    capsys.readouterr()

    assert main([*flags, "--resume"]) == 0

    said = capsys.readouterr().err
    assert "epoch-0002.npz is damaged" in said
    assert "trying the checkpoint before it" in said
    assert [row["epoch"] for row in history_rows(store)] == [1, 2]
    assert optimizer_steps(store) == 2 * COUNTS["train"] // 16
