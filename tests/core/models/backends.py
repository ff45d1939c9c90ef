"""Runs a program of a test in a process of its own, on one of Keras' backends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def answer_on(backend: str, program: str) -> Any:
    """What a program prints as its last line: the backend that it used, and its answer, as JSON."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    used, answer = json.loads(done.stdout.splitlines()[-1])
    assert used == backend
    return answer
