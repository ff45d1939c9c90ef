"""The exported curves in CompressAI's own `compressai.utils.plot`."""

import os
import subprocess
from pathlib import Path

import pytest

from core.analysis.export import exchange_files
from core.evaluation.results import load_results
from core.store import ArtifactStore

_README_PYTHON = Path(__file__).resolve().parents[3] / "venv-ai/bin/python"


#: The module itself, found without importing the package, which takes PyTorch.
_FIND = (
    "import importlib.util as u; s = u.find_spec('compressai'); "
    "print(s.submodule_search_locations[0] + '/utils/plot/__main__.py' if s else '')"
)


@pytest.fixture(scope="module")
def plot() -> list[str]:
    """CompressAI's command, by a Python that a variable names or where the README makes one."""
    python = os.environ.get("BOTTLENECK_COMPRESSAI_PYTHON", str(_README_PYTHON))
    try:
        done = subprocess.run([python, "-c", _FIND], check=True, capture_output=True, text=True)
        module = done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        module = ""
    if not module:
        pytest.skip(
            f"{python} has no compressai; BOTTLENECK_COMPRESSAI_PYTHON can name a Python that has"
        )
    return [python, module]


@pytest.mark.slow
def test_compressai_plots_the_exported_curves(plot: list[str], tmp_path: Path) -> None:
    results = load_results(ArtifactStore.default(), "imagenette160")
    files = exchange_files(results.frame, results.manifests, dataset="imagenette160", labels={})
    for folder, metric in {"compressai": "psnr-rgb", "compressai/subset": "ssimulacra2"}.items():
        paths = []
        for name, content in files.items():
            if name.rpartition("/")[0] == folder:
                paths.append(tmp_path / name)
                paths[-1].parent.mkdir(parents=True, exist_ok=True)
                paths[-1].write_bytes(content)
        assert len(paths) >= 8
        output = tmp_path / f"{metric}.png"
        command = [*plot, "-f", *map(str, paths)]
        command += ["--metric", metric, "--output", str(output)]
        environment = os.environ | {"MPLBACKEND": "agg"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
        assert done.returncode == 0, done.stderr
        assert output.stat().st_size > 10_000
