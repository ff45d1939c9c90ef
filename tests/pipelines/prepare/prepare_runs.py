"""Runs of the step in this process, and what they left."""

from pathlib import Path

import pytest

from core.store import ArtifactStore
from pipelines.prepare import main


def run_prepare(*arguments: str | Path) -> int:
    return main([*map(str, arguments), "--processes", "1"])


def leftovers(store: ArtifactStore) -> list[Path]:
    """Files in the store that no reader should ever see; what writers lock may stay."""
    return [p for p in store.root.rglob("*") if p.is_file() and not p.name.endswith(".lock")]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one line with which the step refuses the arguments."""
    assert run_prepare(*arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]
