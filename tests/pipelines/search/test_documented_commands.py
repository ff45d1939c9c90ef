"""The searches that the documents tell a person to run, on a clone with the shipped studies."""

import re
import shlex
from pathlib import Path

import pytest

from core.search.storage import study_key
from core.search.study_reading import read_committed_study
from core.store import ArtifactStore
from pipelines.base import run_step
from pipelines.search.checks import check_replaceable
from pipelines.search.config import Config

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = [
    command
    for document in ("README.md", "pipelines/SCALING.md", "pipelines/TRAINING.md")
    for command in re.findall(
        r"^python -m pipelines\.search ([^#\n]+)", (ROOT / document).read_text(), re.MULTILINE
    )
]


def test_the_documents_have_searches_on_one_machine_on_many_and_again():
    assert len(COMMANDS) == 3


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_search_is_not_refused_because_of_a_shipped_study(command, capsys):
    status = run_step(Config, check_begin, name="search", argv=shlex.split(command))
    assert status == 0, capsys.readouterr().err


def check_begin(config):
    """Refuses what a search on a clone refuses, where a server's database is empty."""
    store, name = ArtifactStore.default(), config.study_name
    is_copied = config.storage is None and store.exists(study_key(name))
    check_replaceable(config, store, read_committed_study(store, name) if is_copied else None)
