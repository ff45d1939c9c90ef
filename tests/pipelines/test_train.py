import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.codecs.onnx_network import OnnxNetwork
from core.models import get_model
from core.models.autoencoder.network import AutoencoderConfig
from core.models.training.checkpoints import from_npz
from core.store import ArtifactStore
from core.training_records.previews import read_previews
from pipelines.train import main

ROOT = Path(__file__).parents[2]
COUNTS = {"train": 240, "validation": 16, "test": 2}
#: Small enough for seconds, long enough to be hit in the middle.
FLAGS = ("--batch", "4", "--epochs", "3")


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _prepare(store: ArtifactStore) -> None:
    """A data set of coloured blocks, 32x32."""
    random = np.random.default_rng(0)
    files, rows = {}, []
    for split, count in COUNTS.items():
        blocks = random.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
        files[f"imagenette160/{split}.npy"] = _npy(blocks.repeat(8, axis=1).repeat(8, axis=2))
        rows += [{"id": f"{split}{i}", "class_name": "block", "split": split} for i in range(count)]
    table = io.BytesIO()
    pd.DataFrame(rows).to_parquet(table)
    files["imagenette160/index.parquet"] = table.getvalue()
    store.commit("datasets/imagenette160", files, facts={})


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArtifactStore:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    store = ArtifactStore.default()
    _prepare(store)
    return store


def _history(store: ArtifactStore) -> list[dict[str, float]]:
    """Rows without what depends on the clock."""
    text = store.read("histories/ae20", "ae20.csv").decode()
    clock = {"seconds", "total_seconds", "images_per_second"}
    return [
        {name: float(value) for name, value in row.items() if name not in clock}
        for row in csv.DictReader(io.StringIO(text))
    ]


def _preview_epochs(store: ArtifactStore) -> list[int]:
    return list(read_previews(store, "histories/ae20").rows)


def _steps(store: ArtifactStore) -> int:
    """Steps that the optimiser has taken, by the newest checkpoint."""
    key = store.keys("checkpoints/ae20/")[-1]
    arrays = from_npz(store.read(key, f"{key.rpartition('/')[2]}.npz"))
    return int(arrays["state/optimizer/adam/iteration"])


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
    assert len(_history(store)) == 1
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
        (["ae20", "--filters", "8"], "ae20 has 3 layers, so --filters takes 3 numbers, such as 32"),
        (["ae20", "--name", "ae40"], "ae40 is the name of another model"),
        (["ae20", "--name", "../x"], "--name takes 1 to 64 small letters"),
        (["ae20", "--name", "mine", "--finetune"], "mine is not published yet; start with"),
        (["ae20", "--name", "mine", "--resume"], "pipelines.train ae20 --name mine`"),
        (["bottleneck", "--preset", "fuller"], "bottleneck has no preset 'fuller'; it has compact"),
    ],
)
def test_what_cannot_be_done_gets_one_line(
    arguments: list[str],
    expected: str,
    store: ArtifactStore,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(arguments) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line


def test_a_preset_is_a_beginning_that_other_arguments_change(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = AutoencoderConfig(filters=(2, 2), batch=120, epochs=1, learning_rate=0.002)
    model = replace(get_model("ae20"), presets={"tiny": tiny})
    monkeypatch.setattr("core.models.training.session.get_model", {"ae20": model}.__getitem__)

    assert main(["ae20", "--preset", "tiny", "--filters", "4", "4"]) == 0

    config = json.loads(store.read("models/ae20", "ae20/config.json"))
    assert (config["filters"], config["batch"], config["learning_rate"]) == ([4, 4], 120, 0.002)


@pytest.mark.slow
def test_a_further_stage_begins_at_the_published_model_with_a_plan_of_its_own(
    store: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["ae20", "--filters", "4", "4", "4"]
    assert main([*flags, "--batch", "16", "--epochs", "1"]) == 0
    before = _history(store)
    capsys.readouterr()

    # Another plan, but not another network.
    other = ["ae20", "--filters", "4", "4", "8", "--batch", "8", "--finetune"]
    assert main(other) == 2
    assert "filters [4, 4, 4] instead of [4, 4, 8]" in capsys.readouterr().err
    assert main([*flags, "--batch", "8", "--epochs", "2", "--finetune"]) == 0
    assert "a fine-tuning stage: goes on after epoch 1" in capsys.readouterr().err
    after = _history(store)
    assert (after[:1], len(after)) == (before, 2)
    card = json.loads(store.read("models/ae20", "ae20/card.json"))
    assert card["training"]["plan_start"] == 1
    assert [key.rpartition("/")[2] for key in store.keys("checkpoints/ae20/")] == ["epoch-0002"]


TINY = ["ae20", "--filters", "2", "2", "2", "--batch", "120", "--epochs", "1"]


def _shipped(store: ArtifactStore) -> dict[str, str]:
    """Digest of each file of what is published as `ae20`."""
    keys = ("models/ae20", "histories/ae20")
    return {name: entry.sha256 for key in keys for name, entry in store.manifest(key).files.items()}


@pytest.mark.slow
def test_a_model_of_a_persons_own_lies_beside_the_shipped_one(
    store: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(TINY) == 0
    for key in store.keys("checkpoints/"):  # as in a clone, which has none
        store.delete(key)
    shipped = _shipped(store)
    capsys.readouterr()

    for flags in ([], ["--restart"], ["--finetune"], ["--resume"]):
        assert main([*TINY, *flags]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "--name NAME`, or replace it with --replace" in line
    assert main([*TINY, "--name", "mine"]) == 0
    assert main([*TINY, "--name", "tuned", "--finetune", "--epochs", "2"]) == 0
    assert _shipped(store) == shipped
    card = json.loads(store.read("models/mine", "mine/card.json"))
    assert (card["model"], card["architecture"]) == ("mine", "ae20")
    assert card["label"] == "Autoencoder, 3 layers (20x20), mine"
    assert store.manifest("histories/mine").facts["architecture"] == "ae20"
    assert len(store.keys("checkpoints/mine/")) == 1

    assert main([*TINY, "--replace"]) == 0
    assert _shipped(store) != shipped


@pytest.mark.slow
def test_a_training_publishes_again_what_its_own_checkpoints_show_to_be_its_own(
    store: ArtifactStore,
) -> None:
    assert main(TINY) == 0
    assert main([*TINY, "--resume", "--epochs", "2"]) == 0
    assert main([*TINY, "--export"]) == 0
    assert json.loads(store.read("models/ae20", "ae20/card.json"))["training"]["epochs"] == 2


@pytest.mark.slow
def test_a_damaged_model_is_made_again_as_its_error_advises(store: ArtifactStore) -> None:
    assert main(TINY) == 0
    for key in store.keys("checkpoints/"):
        store.delete(key)
    for name in ("models/ae20/decoder.onnx", "histories/ae20.csv"):
        (store.root / name).write_bytes(b"damaged")
    assert main(TINY) == 0


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
    assert main([*short, "--restart"]) == 0
    assert store.manifest("checkpoints/ae20/epoch-0001") != before


@pytest.mark.slow
def test_without_checkpoints_a_training_goes_on_from_the_published_model(
    store: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["ae20", "--batch", "16", "--filters", "4", "4", "4"]
    assert main([*flags, "--epochs", "2"]) == 0
    before = _history(store)
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
    after = _history(store)
    assert after[:best] == before[:best]
    assert len(after) == best + 1
    # The weights were good ones: the next epoch is no worse than the first was.
    assert after[-1]["loss"] < before[0]["loss"]
    assert _preview_epochs(store) == list(range(1, best + 2))
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
    assert [row["epoch"] for row in _history(store)] == [1, 2]
    assert _steps(store) == 2 * COUNTS["train"] // 16


def _command(*arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_DETERMINISTIC_OPS": "1",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.train", "ae20", *FLAGS, *arguments],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        processes.append(_command(*arguments))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stderr
        process.stderr.close()


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 600
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _processor_seconds(process: subprocess.Popen[str]) -> float:
    """Processor time that a running process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _drain(process: subprocess.Popen[str]) -> tuple[str, float]:
    """What a process still says until it ends, and the processor time of its whole life."""
    assert process.stderr
    errors = process.stderr.read()
    _, state, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(state)
    return errors, usage.ru_utime + usage.ru_stime


@pytest.fixture(scope="module")
def straight_history(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, float]]:
    store = ArtifactStore(tmp_path_factory.mktemp("straight"))
    _prepare(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTLENECK_ARTIFACTS", str(store.root))
        process = _command()
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    return _history(store)


def _check_equal(store: ArtifactStore, straight: list[dict[str, float]]) -> None:
    assert _steps(store) == 3 * COUNTS["train"] // 4
    # A kill between checkpoint and history costs the preview of that epoch.
    assert _preview_epochs(store)[-2:] == [2, 3]
    for ours, theirs in zip(_history(store), straight, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-6)


@pytest.mark.slow
def test_a_kill_loses_one_epoch_at_most_and_the_resumed_run_equals_the_straight_one(
    store: ArtifactStore,
    started: Callable[..., subprocess.Popen[str]],
    straight_history: list[dict[str, float]],
) -> None:
    process = started()
    _wait_for(lambda: store.exists("checkpoints/ae20/epoch-0001"), process)
    time.sleep(0.3)
    process.kill()
    process.wait()

    resumed = started("--resume")

    assert resumed.wait() == 0
    _check_equal(store, straight_history)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_the_position_within_the_epoch(
    number: int,
    status: int,
    store: ArtifactStore,
    started: Callable[..., subprocess.Popen[str]],
    straight_history: list[dict[str, float]],
) -> None:
    process = started()
    _wait_for(lambda: store.exists("checkpoints/ae20/epoch-0001"), process)
    time.sleep(0.3)
    before = _processor_seconds(process)
    process.send_signal(number)
    errors, seconds = _drain(process)

    # Ten seconds are promised on an idle machine; the processor's own count holds on any.
    assert seconds - before < 10
    assert process.returncode == status
    assert "the checkpoint is saved. Go on with --resume" in errors.splitlines()[-1]
    assert "-step-" in store.keys("checkpoints/ae20/")[-1]
    assert started("--resume").wait() == 0
    _check_equal(store, straight_history)
