"""A PyTorch model as a codec: the real CompressAI in its own Python, with random weights."""

import os
import runpy
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import PIL.Image
import pytest

from core.codecs import unavailable
from core.evaluation.facts import ResultFacts
from core.evaluation.results import load_results
from core.registry import discover
from core.store import ArtifactStore

ROOT = Path(__file__).parents[4]
PYTHON = os.environ.get("BOTTLENECK_COMPRESSAI_PYTHON", "")
WEIGHTS = "BOTTLENECK_COMPRESSAI_WEIGHTS"
NAME = "bmshj2018_factorized"

slow_with_compressai = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON, reason="BOTTLENECK_COMPRESSAI_PYTHON names no Python"),
]

# The larger latents of quality 2 stand in for a training that gives larger files.
MAKE_WEIGHTS = """
import sys, torch, compressai.zoo
for quality in (1, 2):
    torch.manual_seed(0)
    model = compressai.zoo.bmshj2018_factorized(quality=quality, pretrained=False)
    with torch.no_grad():
        model.g_a[6].weight.mul_(1000.0 ** (quality - 1))
        model.entropy_bottleneck.quantiles[:, 0, 0] = -40
        model.entropy_bottleneck.quantiles[:, 0, 2] = 40
    torch.save(model.state_dict(), f"{sys.argv[1]}/prior-{quality}-abc.pth.tar")
"""

COMPARE = """
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash
app = AppTest.from_file("dashboard/navigation.py", default_timeout=300)
app._page_hash = calc_hash("compare")
app.query_params["codecs"] = ["JPEG", "bmshj2018-factorized"]
app.query_params["sample"] = "Chelsea (cat)"
app.query_params["mode"] = "My settings"
app.run()
assert not app.exception, app.exception
table = app.dataframe[0].value
print(dict(zip(table["label"], table["bytes"])))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Variables with which the codec is set up."""
    folder = tmp_path_factory.mktemp("weights")
    made = [PYTHON, "-W", "ignore", "-c", MAKE_WEIGHTS, str(folder)]
    subprocess.run(made, check=True, timeout=300)
    return {**os.environ, WEIGHTS: f"{folder}/prior-{{quality}}-*.pth.tar"}


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(bool(os.environ.get(WEIGHTS)), reason="the codec is set up here")
def test_where_it_is_not_set_up_the_codec_is_unavailable_with_the_variable_to_set() -> None:
    assert "named by BOTTLENECK_COMPRESSAI_" in unavailable()[NAME]


@pytest.mark.parametrize(
    ("names", "pattern", "message"),
    [
        (
            ["prior-1-446d5c7f", "ms-ssim-1-9781d705", "prior-2-87279a02"],
            "*-{quality}-*",
            "names several of quality 1: ms-ssim-1-9781d705 and prior-1-446d5c7f",
        ),
        (["prior-1-a", "prior-3-b"], "*-{quality}-*", "names none of quality 2, but others"),
        (["prior-1-a"], "prior-1-a", "must contain {quality}; received"),
        (["prior-9-a"], "*-{quality}-*", "needs checkpoints of bmshj2018-factorized"),
    ],
)
def test_checkpoints_that_make_no_one_curve_make_the_codec_unavailable(
    names: list[str], pattern: str, message: str, tmp_path: Path, monkeypatch
) -> None:
    assert message in _reason(names, pattern, tmp_path, monkeypatch)


def test_neighbouring_qualities_are_a_curve(tmp_path: Path, monkeypatch) -> None:
    assert _reason(["p-2-a", "p-3-b"], "p-{quality}-*", tmp_path, monkeypatch) == ""


def _reason(names: list[str], pattern: str, folder: Path, monkeypatch) -> str:
    """Why the codec is unavailable with such checkpoints; empty where it is not."""
    for name in names:
        (folder / name).touch()
    monkeypatch.setenv("BOTTLENECK_COMPRESSAI_PYTHON", sys.executable)
    monkeypatch.setenv(WEIGHTS, str(folder / pattern))
    monkeypatch.delitem(sys.modules, f"core.codecs.{NAME}", raising=False)
    found = discover("core.codecs", ("LABEL", "KIND", "sweep"), ("CODEC",))
    sys.modules.pop(f"core.codecs.{NAME}", None)
    return found.unavailable.get(NAME, "")


def test_a_quality_without_a_checkpoint_is_named(monkeypatch) -> None:
    torch = SimpleNamespace(no_grad=lambda: lambda function: function)
    for name in ("compressai", "compressai.models", "compressai.zoo.pretrained"):
        monkeypatch.setitem(sys.modules, name, MagicMock())
    monkeypatch.setitem(sys.modules, "torch", torch)
    worker = runpy.run_path(str(ROOT / "core/codecs/external/programs/compressai_worker.py"))
    file = struct.pack(">BHH", 7, 4, 4)
    with pytest.raises(LookupError, match="no checkpoint of quality 7 here, only of 1, 2"):
        worker["decode"]({"quality": 1, "weights": {"1": "a", "2": "b"}}, file)


class TestWithCompressAi:
    pytestmark = slow_with_compressai

    def test_it_keeps_every_promise_of_a_codec(self, environment: Mapping[str, str]) -> None:
        contract = "tests/core/codecs/test_contract.py"
        printed = _run(["-m", "pytest", "-q", "-m", "", "-k", NAME, contract], environment)
        assert " passed" in printed

    def test_it_is_evaluated_and_its_results_name_its_versions(
        self, environment: Mapping[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "images").mkdir()
        for number in range(2):
            pixels = np.random.default_rng(number).integers(0, 256, (70, 90, 3), np.uint8)
            PIL.Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
        options = ["--images", str(tmp_path / "images"), "--dataset", "mine", "--jobs", "1"]
        store = ArtifactStore(tmp_path / "artifacts")
        where = {**environment, "BOTTLENECK_ARTIFACTS": str(store.root)}
        _run(["-m", "pipelines.evaluate", NAME, *options], where)
        table = load_results(store, "mine").frame
        assert len(table) == 4
        assert table["error"].isna().all()
        facts = ResultFacts.of(store.manifest(f"results/mine/{NAME}"))
        assert facts.program is not None
        assert facts.program.startswith("compressai ")
        assert ", torch " in facts.program

    def test_its_files_are_decompressed_when_the_codec_is_named(
        self, environment: Mapping[str, str], tmp_path: Path
    ) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
        PIL.Image.fromarray(pixels).save(tmp_path / "photo.png")
        made, back = str(tmp_path / "photo.bmshj"), str(tmp_path / "back.png")
        photo = str(tmp_path / "photo.png")
        _run(["-m", "pipelines.compress", photo, made, "--codec", NAME], environment)
        _run(["-m", "pipelines.decompress", made, back, "--codec", NAME], environment)
        with PIL.Image.open(back) as opened:
            assert opened.size == (90, 70)
        words = [sys.executable, "-m", "pipelines.decompress", made, back]
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 2
        assert f"add --codec {NAME}" in done.stderr

    def test_compare_shows_it_beside_jpeg(self, environment: Mapping[str, str]) -> None:
        printed = _run(["-c", COMPARE], environment)
        assert "'JPEG': " in printed
        assert "'bmshj2018-factorized': " in printed
