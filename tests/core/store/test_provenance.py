"""Provenance says where numbers come from, quickly."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.store import provenance as module
from core.store.provenance import provenance


@pytest.fixture(autouse=True)
def _measured_afresh() -> None:
    module._measured.cache_clear()


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    command = ["git", *identity, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "code.py").write_text("pass\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "start")
    monkeypatch.setattr(module, "_ROOT", tmp_path.resolve())
    return tmp_path


def test_it_names_interpreter_machine_and_libraries() -> None:
    found = provenance()
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["cpu_count"] == os.cpu_count()
    assert found["cpu"]
    assert found["platform"]
    assert found["versions"]["numpy"] == np.__version__


def test_it_is_plain_json() -> None:
    assert json.loads(json.dumps(provenance())) == provenance()


def test_it_names_the_commit_of_the_code(repository: Path) -> None:
    found = provenance()
    assert re.fullmatch("[0-9a-f]{40}", found["commit"])
    assert found["commit"] == git(repository, "rev-parse", "HEAD")
    assert found["dirty"] is False


@pytest.mark.parametrize("name", ["code.py", "new.py"])
def test_changed_or_added_code_is_dirty(repository: Path, name: str) -> None:
    (repository / "core" / name).write_text("changed\n")
    assert provenance()["dirty"] is True


def test_a_new_artifact_is_not_dirty_code(repository: Path) -> None:
    (repository / "artifacts").mkdir()
    (repository / "artifacts" / "result").write_text("1")
    assert provenance()["dirty"] is False


def test_outside_a_repository_there_is_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROOT", tmp_path.resolve())
    found = provenance()
    assert found["commit"] is None
    assert found["dirty"] is None


def test_a_copy_inside_a_foreign_repository_has_no_commit(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROOT", (repository / "core").resolve())
    assert provenance()["commit"] is None


def test_without_git_there_is_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert provenance()["commit"] is None


def test_a_caller_cannot_change_what_the_next_one_gets() -> None:
    provenance()["versions"].clear()
    assert provenance()["versions"]


def test_asking_again_costs_nothing() -> None:
    provenance()
    before = _processor_seconds()
    for _ in range(100):
        provenance()
    assert _processor_seconds() - before < 0.5


def _processor_seconds() -> float:
    """Of this process and of the commands that it has run."""
    return sum(os.times()[:4])
