"""The command for an accelerator, on JAX's CPU backend, up to what is published."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.store import ArtifactStore
from tests.core.models.backends import environment_on

ROOT = Path(__file__).parents[3]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed"),
]


def _train(*flags: str, backend: str = "jax") -> str:
    """What the command said."""
    answer = subprocess.run(
        [sys.executable, "-m", "pipelines.train", "ae20", *flags],
        cwd=ROOT,
        env=environment_on(backend),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    return answer.stderr


def test_the_clock_ends_a_training_and_a_stage_and_both_are_published(
    store: ArtifactStore,
) -> None:
    new = ("--name", "mine", "--filters", "4", "4", "4", "--batch", "4", "--augment")
    scan = ("--engine", "scan", "--minutes", "0.05", "--precision", "mixed_bfloat16")
    said = _train(*new, *scan)
    assert "epoch 1 of 0.05 minutes" in said
    assert "wrote models/mine" in said
    facts = store.manifest("histories/mine").facts
    assert (facts["minutes"], facts["ended_by"]) == (0.05, "time limit")
    card = json.loads(store.read("models/mine", "mine/card.json"))["training"]
    engine = {"name": "scan", "minutes": 0.05, "augment": True, "photographs": False}
    assert card["engine"] == {**engine, "photographs_sha256": None}
    before = card["epochs"]

    # A stage has a time of its own and needs none of the flags that describe the network.
    _train("--name", "mine", "--finetune", "--replace", "--learning-rate", "0.0001", *scan)
    card = json.loads(store.read("models/mine", "mine/card.json"))["training"]
    assert card["plan_start"] == before
    assert card["epochs"] > before
    assert card["ended_by"] == "time limit"
    assert card["engine"]["augment"] is False
    assert [one["augment"] for one in card["earlier_engines"]] == [True]

    # What came back in small files suffices for another machine.
    for key in [*store.keys("checkpoints/"), "models/mine", "histories/mine"]:
        store.delete(key)
    said = _train("--name", "mine", "--export", backend="tensorflow")
    assert f"exporting the weights of epoch {card['best_epoch']}" in said
    run = store.manifest("models/mine").facts["run"]
    facts = store.manifest("histories/mine").facts
    assert (facts["run"], facts["ended_by"]) == (run, "time limit")
    again = json.loads(store.read("models/mine", "mine/card.json"))["training"]
    assert again == card
