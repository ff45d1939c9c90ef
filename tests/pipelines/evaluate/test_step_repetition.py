"""A second run measures what changed and nothing else, and one that was cut short goes on."""

import io
import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from core.evaluation.block import measure_block
from core.evaluation.results import load_results
from pipelines.claims import Claims
from pipelines.evaluate import step as evaluate
from tests.pipelines.evaluate.step_runs import TIMES, manifests_below, measured, run
from tests.waiting import PATIENCE_SECONDS, wait_until

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_a_second_run_does_nothing_and_again_measures_again(prepared, capsys):
    assert run("png") == 0
    first = manifests_below(prepared, "results/")
    assert run("png") == 0
    assert "png: up to date." in capsys.readouterr().err
    assert manifests_below(prepared, "results/") == first
    assert run("png", "--again") == 0
    assert manifests_below(prepared, "results/") != first


@pytest.mark.slow
def test_other_images_are_measured_anew(prepared):
    assert run("png") == 0
    first = manifests_below(prepared, "results/")
    array = np.load(prepared.path("datasets/imagenette160", "imagenette160/test.npy"))
    index = prepared.read("datasets/imagenette160", "imagenette160/index.parquet")
    changed = io.BytesIO()
    np.save(changed, 255 - array)
    files = {
        "imagenette160/test.npy": changed.getvalue(),
        "imagenette160/index.parquet": index,
    }
    prepared.commit("datasets/imagenette160", files, facts={})
    assert run("png") == 0
    assert manifests_below(prepared, "results/") != first


@pytest.mark.slow
def test_a_damaged_result_is_measured_anew(prepared):
    assert run("png") == 0
    path = prepared.path("results/imagenette160/png", "png.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    assert len(load_results(prepared, "imagenette160").problems) == 1
    assert run("png") == 0
    assert len(measured(prepared).frame) == 6


def in_a_process(store, *arguments, **options):
    environment = os.environ | {"BOTTLENECK_ARTIFACTS": str(store.root)}
    command = [sys.executable, "-m", "pipelines.evaluate", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_stopped(prepared, tmp_path):
    assert run("avif") == 0
    expected = measured(prepared).frame.drop(columns=TIMES)
    prepared.delete("results/imagenette160/avif")
    process = in_a_process(prepared, "avif", "--jobs", "1")
    wait_until(lambda: len(prepared.keys("cache/")) >= 2)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    gone, alive = psutil.wait_procs(workers, timeout=PATIENCE_SECONDS)
    assert (len(gone) >= 1, alive) == (True, [])
    kept = manifests_below(prepared, "cache/")
    assert 2 <= len(kept) < 6
    [plan] = evaluate.plans(evaluate.Config(codecs=("avif",)), say=print)
    assert plan.pending().keys() == plan.blocks.keys() - {
        name.rpartition("/")[2].partition(".")[0] for name in kept
    }
    assert run("avif") == 0
    pd.testing.assert_frame_equal(measured(prepared).frame.drop(columns=TIMES), expected)


@pytest.mark.parametrize("is_done", [False, True])
def test_what_another_process_measures_is_left_alone(prepared, capsys, is_done):
    if is_done:
        assert run("png") == 0
    [plan] = evaluate.plans(evaluate.Config(codecs=("png",), again=True), say=print)
    plan.keep("00000", measure_block(plan.blocks["00000"]), machine_seconds=1.0)
    done = manifests_below(prepared, "")
    with ThreadPoolExecutor(1) as other, Claims(prepared) as claims:
        assert other.submit(claims.take, plan.pieces_key).result()
        capsys.readouterr()
        assert run("png") == 2
        said = capsys.readouterr().err
        assert "png: another process measures this, or will, and it is left out." in said
        assert manifests_below(prepared, "") == done
        other.submit(claims.give_back, plan.pieces_key).result()
    assert run("png") == 0
    assert prepared.keys("cache/evaluate/imagenette160/png/") == []


def test_adding_a_metric_to_no_results_keeps_what_an_evaluation_has_finished(prepared, capsys):
    [plan] = evaluate.plans(evaluate.Config(codecs=("png",)), say=print)
    plan.keep("00000", measure_block(plan.blocks["00000"]), machine_seconds=1.0)
    kept = prepared.keys(plan.pieces_key)
    assert kept
    assert run("png", "--metric", "ssim") == 0
    assert "no results to add a metric to" in capsys.readouterr().err
    assert prepared.keys(plan.pieces_key) == kept


def test_a_codec_whose_model_was_replaced_meanwhile_is_not_stored(prepared, monkeypatch, capsys):
    monkeypatch.setattr("core.evaluation.fingerprint.model_digest", lambda store, name: "before")
    monkeypatch.setattr("pipelines.evaluate.plan.model_digest", lambda store, name: "after")
    assert run("png") == 2
    assert "png: its model was replaced while it was measured" in capsys.readouterr().err
    assert prepared.keys("results/") == prepared.keys("cache/evaluate/imagenette160/png/") == []


def test_all_that_is_measured_is_known_before_the_work_starts(prepared):
    [plan] = evaluate.plans(evaluate.Config(codecs=("png",), again=True), say=print)
    assert "subject" in vars(plan)
    for other in (plan.adding(("ssim",)), plan.noting({})):
        assert vars(other)["subject"] is plan.subject


@pytest.mark.slow
def test_a_full_disk_gets_one_line_and_keeps_the_old_results(prepared):
    assert run("png") == 0
    before = measured(prepared).frame

    def fill_up():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    process = in_a_process(prepared, "png", "--again", preexec_fn=fill_up)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "takes no more data" in error
    assert "Traceback" not in error
    pd.testing.assert_frame_equal(measured(prepared).frame, before)
