"""How the processes that decode start, are replaced and end."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from core.intake.isolation import WorkerPool, decode_image_isolated
from tests.core.intake.hostile_decoding import PNG, is_running, is_zombie, process_of
from tests.waiting import PATIENCE_SECONDS, wait_until


@pytest.mark.slow
def test_the_kernel_ends_a_computing_worker_whatever_its_server_does(hostile: ModuleType) -> None:
    request = {
        "limits": {},
        "memory_bytes": 10**9,
        "decode": "hostile_decoders:compute",
    }
    connection, inner = multiprocessing.Pipe()
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "core.intake.worker", str(inner.fileno())],
        stdin=subprocess.PIPE,
        pass_fds=(inner.fileno(),),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    inner.close()
    with worker, connection:
        assert json.loads(connection.recv_bytes()) == {"ready": True}
        connection.send_bytes(json.dumps(request).encode())
        connection.send_bytes(b"")
        assert worker.wait(timeout=60) == -signal.SIGXCPU
        with pytest.raises(EOFError):
            connection.recv_bytes()


def test_a_worker_imports_neither_the_dashboard_nor_a_network(
    hostile: ModuleType, pool: WorkerPool
) -> None:
    modules = decode_image_isolated(PNG, decode=hostile.tell_modules, pool=pool).notes
    heavy = {"streamlit", "tensorflow", "keras", "pandas", "scipy", "skimage", "onnxruntime"}
    assert heavy.isdisjoint(modules)
    assert "core.intake.decode" in modules


def test_a_worker_is_replaced_before_leaks_add_up(
    hostile: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.intake.worker_process._IMAGES_PER_WORKER", 3)
    pool = WorkerPool(1)
    processes = [process_of(pool, hostile) for _ in range(6)]
    pool.close()
    assert len(set(processes[:3])) == len(set(processes[3:])) == 1
    assert processes[0] != processes[3]
    assert not any(map(is_running, processes))


def test_workers_end_with_the_server_even_when_it_is_killed(tmp_path: Path) -> None:
    server = (
        "import os, sys\n"
        "from core.png import encode_png\n"
        "from core.intake import isolation\n"
        "import numpy as np\n"
        "isolation.decode_image_isolated(encode_png(np.zeros((2, 2, 3), np.uint8)))\n"
        "worker = isolation._POOL._take(1.0)\n"
        "print(worker._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    finished = subprocess.run(
        [sys.executable, "-c", server], stdout=subprocess.PIPE, env=environment, cwd=tmp_path
    )
    assert finished.returncode == -9
    worker = int(finished.stdout)
    wait_until(lambda: not is_running(worker) or is_zombie(worker))


def test_a_worker_in_the_middle_of_an_image_ends_with_its_server_too(
    hostile: ModuleType, tmp_path: Path
) -> None:
    mark = Path(str(hostile.__file__)).with_name("sleep")
    mark.unlink(missing_ok=True)
    server = (
        "from core.intake import isolation\n"
        "import hostile_decoders\n"
        f"isolation.decode_image_isolated({PNG!r}, decode=hostile_decoders.sleep)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([sys.executable, "-c", server], env=environment, cwd=tmp_path)
    wait_until(mark.exists)
    [worker] = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs([worker], timeout=PATIENCE_SECONDS)
    assert alive == []
