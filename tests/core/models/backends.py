"""What a test runs in a process of its own, on one of Keras' backends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
#: A test compiles for longer than it computes.
_COMPILED_SOON = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
#: What JAX compiled, for every process and for the next run of the tests.
_COMPILED = ROOT / ".pytest_cache" / "d" / "jax"


def environment_on(backend: str) -> dict[str, str]:
    """Environment of a process that uses a backend, on this machine's CPUs."""
    return {
        **os.environ,
        "KERAS_BACKEND": backend,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": _COMPILED_SOON,
        "JAX_COMPILATION_CACHE_DIR": str(_COMPILED),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        # With a bound JAX locks the folder, so that two processes do not write one file.
        "JAX_COMPILATION_CACHE_MAX_SIZE": "200_000_000",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def answer_on(backend: str, program: str) -> Any:
    """What a program prints as its last line: the backend that it used, and its answer, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment_on(backend),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    used, answer = json.loads(done.stdout.splitlines()[-1])
    assert used == backend
    return answer
