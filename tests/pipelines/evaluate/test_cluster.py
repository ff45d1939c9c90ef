import io
import signal
import threading

import numpy as np
import pandas as pd
import pytest

from core.evaluation.results import load_results
from core.store import ArtifactStore
from pipelines.evaluate import step as evaluate
from pipelines.evaluate.cluster import cluster
from tests.pipelines.evaluate.dask_processes import (
    answering_workers,
    documented,
    free_port,
    running_cluster,
    running_scheduler,
)
from tests.pipelines.page_faults import PAGES, page_faults
from tests.waiting import PATIENCE_SECONDS, wait_until

CLOCK = ["encode_seconds", "decode_seconds", "metric_seconds"]
IMAGES = 10


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Store with a data set of random test images."""
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    store = ArtifactStore.default()
    images = np.random.default_rng(1).integers(0, 256, (IMAGES, 90, 90, 3), np.uint8)
    rows = {"id": [f"noise/{number:02}" for number in range(IMAGES)], "split": "test"}
    rows |= {"class_id": "n01", "class_name": "noise"}
    rows |= {"sha256": [f"{number:064x}" for number in range(IMAGES)]}
    array, table = io.BytesIO(), io.BytesIO()
    np.save(array, images)
    pd.DataFrame(rows).to_parquet(table)
    files = {"imagenette160/test.npy": array, "imagenette160/index.parquet": table}
    contents = {name: file.getvalue() for name, file in files.items()}
    store.commit("datasets/imagenette160", contents, facts={})
    return store


def measured(store, codec):
    frame = load_results(store, "imagenette160").frame
    return frame[frame["codec"] == codec].drop(columns=CLOCK)


@pytest.mark.slow
def test_a_cluster_gives_what_this_machine_gives_though_a_worker_is_killed(store):
    assert evaluate.main(["avif", "--jobs", "2"]) == 0
    expected = measured(store, "avif")
    store.delete("results/imagenette160/avif")
    with running_cluster(2) as (address, workers):

        def kill_one():
            wait_until(lambda: len(store.keys("cache/")) >= 2)
            workers[0].send_signal(signal.SIGKILL)

        killer = threading.Thread(target=kill_one)
        killer.start()
        flags = documented("python -m pipelines.evaluate --scheduler", address)[3:]
        assert evaluate.main(["avif", *flags]) == 0
        killer.join()
        assert workers[0].wait(PATIENCE_SECONDS) == -signal.SIGKILL
        wait_until(lambda: answering_workers(address) == 1)
    pd.testing.assert_frame_equal(measured(store, "avif"), expected)
    facts = store.manifest("results/imagenette160/avif").facts
    assert (facts["errors"], facts["jobs"]) == (0, 2)


@pytest.mark.slow
def test_the_workers_of_a_cluster_keep_freed_memory():
    with running_cluster(2) as (address, _), cluster(address) as (executor, threads):
        assert threads == 2
        assert executor.submit(page_faults).result() < PAGES


def test_a_scheduler_that_does_not_answer_gets_one_line(store, capsys, monkeypatch):
    monkeypatch.setattr("pipelines.evaluate.cluster._CONNECT_SECONDS", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    assert evaluate.main(["png", "--scheduler", address]) == 2
    assert f"The scheduler {address} does not answer" in capsys.readouterr().err.splitlines()[-1]
    for address in ("foo", "nonsense://x", "tcp://host", "tcp://host:http"):
        assert evaluate.main(["png", "--scheduler", address]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert f"such as tcp://host:8786; received {address!r}." in line
    assert store.keys("results/") == []


@pytest.mark.slow
def test_a_scheduler_without_workers_says_so(store, capsys):
    with running_scheduler() as address:
        assert evaluate.main(["png", "--scheduler", address]) == 2
    error = capsys.readouterr().err
    assert f"{address} has no workers; start one in the root of this repository: " in error
    assert f"python -m dask worker {address} --nworkers auto --nthreads 1" in error


@pytest.mark.slow
def test_a_worker_that_was_started_elsewhere_gets_one_line(store, tmp_path, capsys):
    with running_cluster(1, folder=tmp_path) as (address, _):
        assert evaluate.main(["png", "--scheduler", address]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert f"A worker of {address} does not find this program; start one in the root" in line
