"""Trainings on further photographs, with Keras' own loop."""

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from core.dataset.preparation.training_photographs import prepare_photographs
from core.store import ArtifactStore
from pipelines.train import main
from tests.pipelines.train.small_trainings import history_rows

FLAGS = ["ae20", "--filters", "4", "4", "4", "--batch", "16"]


def take_photographs(store: ArtifactStore, folder: Path, *, side: int) -> None:
    folder.mkdir()
    dark = np.random.default_rng(0).integers(0, 9, (3, side, side + 8, 3), dtype=np.uint8)
    for number, pixels in enumerate(dark):
        PIL.Image.fromarray(pixels).save(folder / f"{number}.png")
    prepare_photographs(store, folder, advance=lambda count: None)


def trained(store: ArtifactStore, name: str) -> dict:
    return json.loads(store.read(f"models/{name}", f"{name}/card.json"))["training"]


@pytest.mark.slow
def test_a_training_sees_photographs_goes_on_with_them_and_says_so(
    store: ArtifactStore, tmp_path: Path
) -> None:
    take_photographs(store, tmp_path / "photographs", side=40)
    assert main([*FLAGS, "--name", "plain", "--epochs", "1"]) == 0
    assert main([*FLAGS, "--name", "varied", "--epochs", "1", "--photographs"]) == 0

    engine = trained(store, "varied")["engine"]
    assert (engine["name"], engine["augment"], engine["photographs"]) == ("fit", True, True)
    # A quarter of dark images is easier than none.
    losses = {name: history_rows(store, name)[0]["loss"] for name in ("plain", "varied")}
    assert losses["varied"] < 0.95 * losses["plain"]

    assert main(["ae20", "--name", "varied", "--resume", "--epochs", "2"]) == 0
    assert trained(store, "varied")["engine"] == engine
    assert trained(store, "varied")["epochs"] == 2


@pytest.mark.slow
def test_photographs_that_are_missing_or_too_small_are_refused_before_anything_is_written(
    store: ArtifactStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*FLAGS, "--name", "varied", "--epochs", "1", "--photographs"]
    assert main(command) != 0
    assert "python -m pipelines.prepare --extra ARCHIVE" in capsys.readouterr().err
    take_photographs(store, tmp_path / "photographs", side=24)
    assert main(command) != 0
    assert "No photograph has sides of at least 32 pixels." in capsys.readouterr().err
    assert not store.exists("models/varied")
    assert not store.keys("checkpoints/")
