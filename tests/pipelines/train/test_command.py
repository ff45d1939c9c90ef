"""What a training leaves, and how its command answers bad input."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.codecs.onnx_network import OnnxNetwork
from core.models import get_model
from core.models.autoencoder.network import AutoencoderConfig
from core.store import ArtifactStore
from pipelines.claims import Claims
from pipelines.train import main
from tests.pipelines.train.small_trainings import COUNTS, history_rows

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_a_training_leaves_a_model_its_card_and_its_history(
    store: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ae20", "--batch", "16", "--epochs", "1"]) == 0

    card = json.loads(store.read("models/ae20", "ae20/card.json"))
    config = json.loads(store.read("models/ae20", "ae20/config.json"))
    networks = [
        OnnxNetwork(store.read("models/ae20", f"ae20/{name}.onnx"))
        for name in ("encoder", "decoder")
    ]
    latent = networks[0].run(np.zeros((1, 160, 160, 3), np.uint8))
    assert latent.shape == (1, 20, 20, 128)
    assert networks[1].run(latent).shape == (1, 160, 160, 3)
    assert card["export"]["largest_difference_levels"] < 0.01
    assert card["training"]["images_seen"] == COUNTS["train"]
    assert card["training"]["ended_by"] == "epoch limit"
    assert (card["architecture"], card["label"]) == ("ae20", "Autoencoder, 3 layers (20x20)")
    assert (card["latent"], card["stride"]) == ([4, 4, 128], 8)
    assert config["filters"] == [32, 64, 128]
    assert {"ae20/weights.npz", "ae20/tables.npz"} <= set(store.manifest("models/ae20").files)
    assert len(history_rows(store)) == 1
    assert "wrote models/ae20: validation PSNR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ae10"], "there are ae20, ae20_rd, ae40, ae40_rd, ae80, ae80_rd"),
        (["ae20", "--batch", "0"], "batch must be at least 1; received 0"),
        (["ae20", "--resume"], "There is no checkpoint of ae20; start with"),
        (["ae20", "--export"], "There is no checkpoint of ae20; start with"),
        (["ae20", "--resume", "--restart"], "--restart does not go with --resume"),
        (["ae20", "--finetune", "--export"], "--finetune does not go with --resume, --export"),
        (["ae20", "--finetune"], "ae20 is not published yet; start with"),
        (["ae20", "--preset", "full"], "ae20 has no preset 'full'; it has none"),
        (["ae20", "--channels", "5"], "ae20 has no --channels; what can be set is --activation"),
        (["bottleneck", "--from-model", "mine"], "--from-model needs --finetune"),
        (["bottleneck", "--filters", "8", "8"], "bottleneck has no --filters; what can be set is"),
        (["ae20", "--stage", "encoder"], "ae20 has no --stage; what can be set is --activation"),
        (["bottleneck", "--stage", "encoder"], "of a published model; add --finetune"),
        (["ae20", "--minutes", "3"], "--minutes needs --engine scan."),
        (
            ["ae20", "--resume", "--photographs"],
            "--resume goes on with the images that the training was begun with; to change that,",
        ),
        (
            ["ae20", "--engine", "scan", "--minutes", "3", "--epochs", "2"],
            "--minutes alone ends a training; it does not go with --epochs",
        ),
        (["ae20", "--filters", "8"], "ae20 has 3 layers, so --filters takes 3 numbers, such as 32"),
        (["ae20", "--name", "ae40"], "ae40 is the name of another model"),
        (["ae20", "--name", "jpeg"], "jpeg is the name of a codec, so no model of that name could"),
        (
            ["bottleneck", "--name", "bottleneck_visual", "--resume"],
            "start with `python -m pipelines.train bottleneck --finetune --preset visual --name",
        ),
        (
            ["ae20", "--name", "absent", "--resume", "--filters", "2", "2", "2"],
            "start with `python -m pipelines.train ae20 --name absent --filters 2 2 2`",
        ),
        (["ae10", "--complete"], "There is no model 'ae10'; there are ae20, "),
        (["ae20", "--name", "ae40", "--complete"], "ae40 is the name of another model"),
        (
            ["ae20", "--name", "other", "--complete"],
            "other is a model of bottleneck; received ae20",
        ),
        (
            ["ae20", "--name", "other", "--reduce", "both"],
            "other is a model of bottleneck; received ae20",
        ),
        (["ae20", "--name", "../x"], "--name takes 1 to 64 small letters"),
        (["ae20", "--name", "mine", "--finetune"], "mine is not published yet; start with"),
        (["ae20", "--name", "mine", "--resume"], "pipelines.train ae20 --name mine`"),
        (
            ["ae20", "--complete", "--reduce", "both"],
            "--complete trains nothing; it does not go with --reduce.",
        ),
        (
            ["ae20", "--reduce", "effort", "--epochs", "2", "--resume"],
            "--reduce trains nothing; it does not go with --epochs, --resume.",
        ),
        (
            ["ae20", "--export", "--engine", "scan", "--minutes", "3"],
            "--export trains nothing; it does not go with --engine, --minutes.",
        ),
        (
            ["ae20", "--export", "--epochs", "77", "--precision", "mixed_bfloat16"],
            "--export trains nothing; it does not go with --epochs, --precision.",
        ),
        (
            ["bottleneck", "--export", "--preset", "compact"],
            "--export trains nothing; it does not go with --preset.",
        ),
        (["bottleneck", "--lr-drops", "2"], "so lr_drops must be 0; received 2"),
        (["bottleneck", "--preset", "fuller"], "bottleneck has no preset 'fuller'; it has compact"),
    ],
)
def test_what_cannot_be_done_gets_one_line(
    arguments: list[str],
    expected: str,
    store: ArtifactStore,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = {"other/card.json": b"{}"}
    store.commit("models/other", other, facts={"architecture": "bottleneck"})

    assert main(arguments) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line


@pytest.mark.slow
def test_a_preset_is_a_beginning_that_other_arguments_change(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = AutoencoderConfig(filters=(2, 2), batch=120, epochs=1, learning_rate=0.002)
    model = replace(get_model("ae20"), presets={"tiny": tiny})
    monkeypatch.setattr("core.models.training.request.get_model", {"ae20": model}.__getitem__)

    assert main(["ae20", "--preset", "tiny", "--filters", "4", "4"]) == 0

    config = json.loads(store.read("models/ae20", "ae20/config.json"))
    assert (config["filters"], config["batch"], config["learning_rate"]) == ([4, 4], 120, 0.002)


def test_a_missing_library_is_named_in_one_line(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "nothing_like_it")
    assert main(["ae20"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "Training needs nothing_like_it" in line
    assert "pip install -r requirements.txt" in line


@pytest.mark.slow
def test_an_error_of_the_training_is_not_preceded_by_messages_of_tensorflow(
    store: ArtifactStore,
) -> None:
    command = [sys.executable, "-m", "pipelines.train", "ae20", "--filters", "8"]
    environment = {name: v for name, v in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("train: ae20 has 3 layers")


def test_data_that_is_not_prepared_is_answered_with_the_command_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))

    assert main(["ae20"]) == 2
    assert "python -m pipelines.prepare" in capsys.readouterr().err


def test_a_second_training_of_a_name_says_that_it_waits(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key, lock = "checkpoints/mine", ArtifactStore.lock
    with ThreadPoolExecutor(1) as other, Claims(store) as claims:
        assert other.submit(claims.take, key).result()

        def given_back_first(self: ArtifactStore, wanted: str) -> AbstractContextManager[None]:
            if wanted == key:
                monkeypatch.undo()
                monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(store.root))
                other.submit(claims.give_back, key).result()
            return lock(self, wanted)

        monkeypatch.setattr(ArtifactStore, "lock", given_back_first)
        assert main(["ae20", "--name", "mine", "--export"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == "train: another process trains mine; waiting for it."
    assert "There is no checkpoint of mine" in second
