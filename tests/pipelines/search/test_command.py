"""The command line of the search, and how it ends."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.search.storage import live_path
from core.search.study_reading import read_study
from core.stop_request import Stopped
from core.store import ArtifactStore
from pipelines.base import UserError
from pipelines.search import step as search
from pipelines.search.step import run_search
from tests.pipelines.search.search_objectives import (
    cheap,
    running_since_start,
    slow,
)
from tests.pipelines.search.small_studies import config, states
from tests.waiting import wait_until

SMALL = ["--images", "6", "--validation-images", "4", "--epochs", "1"]


@pytest.mark.slow
def test_two_workers_share_the_trials_without_one_too_many(store):
    run_search(config(trials=8, workers=2), store, cheap)
    assert read_study(store, "ae80").counts["complete"] == 8


def test_when_all_workers_end_early_it_says_so(store, monkeypatch):
    monkeypatch.setattr("pipelines.search.workers.work", time.sleep)
    with pytest.raises(UserError, match="All workers ended after 0 of 4 trials"):
        run_search(config(), store, cheap)


@pytest.mark.slow
def test_a_signal_ends_the_search_and_keeps_what_was_finished(store):
    run_search(config(trials=1), store, cheap)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=search_until_signal, args=(store.root,))
    process.start()
    wait_until(lambda: running_since_start(live_path(store, "ae80")))
    os.kill(process.pid, signal.SIGINT)
    asked = time.monotonic()
    process.join(60)
    assert time.monotonic() - asked < 30  # the trial would go on for as long
    assert process.exitcode == 128 + signal.SIGINT
    assert states(store) == ["complete", "fail", "waiting"]
    run_search(config(trials=2), store, cheap)
    assert states(store) == ["complete", "fail", "complete"]


def search_until_signal(root):
    try:
        run_search(config(trials=2), ArtifactStore(root), slow)
    except Stopped as stopped:
        sys.exit(128 + stopped.signal)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            ["ae99"],
            "There is no search space of a model 'ae99'; there are ae20, ae20_rd, ae40, ae40_rd, "
            "ae80, ae80_rd.",
        ),
        (["ae80", "--images", "99"], "The train split has 9 images; received 99."),
        (["ae80", "--trials", "0"], "--trials must be at least 1; received 0."),
        (["ae80", "--epochs", "0"], "epochs must be at least 1; received 0."),
        (["ae80", *SMALL, "--storage", "x"], "received 'x'"),
        (
            ["ae80", *SMALL, "--storage", "postgresql://me:s3cret@127.0.0.1:9/x"],
            "The storage postgresql://me:***@127.0.0.1:9/x does not answer",
        ),
    ],
)
def test_bad_input_gets_one_line_and_status_two(store, capsys, flags, sentence):
    assert search.main(flags) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert "s3cret" not in error
    assert not store.exists("studies/ae80")


def test_without_the_data_set_the_command_that_prepares_it_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))
    assert search.main(["ae80"]) == 2
    assert "python -m pipelines.prepare" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_line_searches_with_real_trainings(store):
    command = [sys.executable, "-m", "pipelines.search", "ae80", "--trials", "1", *SMALL]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Start: trial 0  complete" in done.stdout
    manifest = json.loads((store.root / "studies" / "ae80.manifest.json").read_text())
    assert manifest["facts"]["trials"]["complete"] == 1
