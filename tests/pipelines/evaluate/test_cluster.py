import io
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.evaluation.results import load_results
from core.store import ArtifactStore
from pipelines.evaluate import step as evaluate
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
CLOCK = ["encode_seconds", "decode_seconds", "metric_seconds"]
IMAGES = 24


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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def documented(start, address):
    """Words of the command in SCALING.md that begins like this, for a scheduler on this machine."""
    lines = (ROOT / "pipelines" / "SCALING.md").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith(start)]
    command = line.partition("#")[0].replace("tcp://HOST:8786", address)
    return command.replace("8786", address.rpartition(":")[2]).replace("auto", "1").split()


@contextmanager
def started(start, address):
    """A process of Dask's command line as SCALING.md has it, killed at the end."""
    _, *words = documented(start, address)
    command = [sys.executable, *words, "--host", "127.0.0.1", "--no-dashboard"]
    if "worker" in words:  # the nanny would start a killed worker again
        command.append("--no-nanny")
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def two_workers():
    """Address of a cluster on this machine, and its two workers' processes."""
    address = f"tcp://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        stack.enter_context(started("python -m dask scheduler", address))
        workers = [stack.enter_context(started("python -m dask worker", address)) for _ in range(2)]
        wait_until(lambda: answering_workers(address) == 2)
        yield address, workers


def answering_workers(address):
    from distributed import Client

    try:
        with Client(address, timeout=2, set_as_default=False) as client:
            return len(client.nthreads())
    except OSError:
        return 0


def measured(store, codec):
    frame = load_results(store, "imagenette160").frame
    return frame[frame["codec"] == codec].drop(columns=CLOCK)


@pytest.mark.slow
def test_a_cluster_gives_what_this_machine_gives_though_a_worker_is_killed(store):
    assert evaluate.main(["avif", "--jobs", "2"]) == 0
    expected = measured(store, "avif")
    store.delete("results/imagenette160/avif")
    with two_workers() as (address, workers):

        def kill_one():
            wait_until(lambda: len(store.keys("cache/")) >= 2)
            workers[0].send_signal(signal.SIGKILL)

        killer = threading.Thread(target=kill_one)
        killer.start()
        flags = documented("python -m pipelines.evaluate --scheduler", address)[3:]
        assert evaluate.main(["avif", *flags]) == 0
        killer.join()
        assert workers[0].poll() == -signal.SIGKILL
        assert answering_workers(address) == 1
    pd.testing.assert_frame_equal(measured(store, "avif"), expected)
    facts = store.manifest("results/imagenette160/avif").facts
    assert (facts["errors"], facts["jobs"]) == (0, 2)


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
    address = f"tcp://127.0.0.1:{free_port()}"
    with started("python -m dask scheduler", address):
        assert evaluate.main(["png", "--scheduler", address]) == 2
    assert f"{address} has no workers; start one: dask worker {address}" in capsys.readouterr().err
