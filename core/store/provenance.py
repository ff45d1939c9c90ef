"""Provenance of results: the code, the libraries and the machine that made them."""

import copy
import functools
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]

#: Folders whose changes can change a result; results and documents cannot.
_CODE = ("core", "pipelines")

#: Distributions whose version can change bytes, pixels or numbers.
_LIBRARIES = (
    "bjontegaard",
    "constriction",
    "imagecodecs",
    "jax",
    "jaxlib",
    "keras",
    "numpy",
    "onnxruntime",
    "optuna",
    "pandas",
    "pillow",
    "pillow-heif",
    "pyarrow",
    "pyjpegli",
    "scikit-image",
    "scipy",
    "ssimulacra2",
    "tensorflow",
)


def provenance() -> dict[str, Any]:
    """Facts about this program and this machine, as JSON-ready values.

    Returns:
        `commit` (git, or None outside a repository), `dirty` (whether the code differs from that
        commit, None when unknown), `python`, `platform`, `cpu`, `cpu_count` and `versions` (of
        the installed libraries that matter, by name).
    """
    return copy.deepcopy(_measured())


@functools.cache
def _measured() -> dict[str, Any]:
    commit = _commit()
    return {
        "commit": commit,
        "dirty": _is_dirty() if commit else None,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cpu_count": os.cpu_count(),
        "versions": _versions(),
    }


def _commit() -> str | None:
    answer = _git("rev-parse", "--show-toplevel", "HEAD")
    if answer is None or answer.returncode != 0:
        return None
    top, commit = answer.stdout.splitlines()
    # A copy of this folder inside somebody else's repository has no commit of its own.
    return commit if Path(top).resolve() == _ROOT else None


def _is_dirty() -> bool | None:
    answer = _git("status", "--porcelain", "--", *_CODE)
    if answer is None or answer.returncode != 0:
        return None
    return bool(answer.stdout.strip())


def _git(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    command = ["git", "--no-optional-locks", "-C", str(_ROOT), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
