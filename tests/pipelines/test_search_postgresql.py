"""A search on a PostgreSQL server that the test starts, on this machine and for nobody else."""

import multiprocessing
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest

from core.search.queue import SURPLUS
from core.search.storage import StorageError, close_storage, commit_study, open_storage
from core.search.studies import to_record
from core.search.study_reading import read_study
from core.store import ArtifactStore
from pipelines.search.workers import Job, running_workers
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


def programs():
    """Folder of PostgreSQL's programs, the newest version first; None without any."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return found[0].parent if found else None


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Address of a running server; its files are gone afterwards."""
    pytest.importorskip("psycopg")
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    # The server refuses to run as root, so its folder must be reachable for another user.
    home = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    user, port = owner(home), free_port()
    data = home / "data"
    as_user(user, folder / "initdb", "-D", data, "-U", "search", "-A", "trust", "-N")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {home} -c fsync=off"
    as_user(user, folder / "pg_ctl", "-D", data, "-o", options, "-w", "-l", home / "log", "start")
    try:
        yield f"postgresql+psycopg://search:secret@127.0.0.1:{port}"
    finally:
        as_user(user, folder / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(home)


@pytest.fixture
def url(server, request):
    """Storage URL of a database of this test."""
    import psycopg

    name = request.node.name[:60]
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as link:
        link.execute(f'CREATE DATABASE "{name}"')
    return f"{server}/{name}"


def owner(home):
    """User who runs the server: this one, or for root one who is not."""
    if os.getuid() != 0:
        return None
    name = "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"
    shutil.chown(home, name)
    return name


def as_user(user, *command):
    """Runs a command as that user, its output in a file since the server inherits it."""
    before = ["setpriv", f"--reuid={user}", "--clear-groups"] if user else []
    subprocess.run(
        [*before, *map(str, command)],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
    )


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def objective(trial, should_stop):
    rate = trial.suggest_float("rate", 1e-4, 1e-2, log=True)
    time.sleep(0.2)
    return rate


def slow_objective(trial, should_stop):
    rate = trial.suggest_float("rate", 1e-4, 1e-2, log=True)
    time.sleep(60)
    return rate


def prepare():
    return objective


def prepare_slow():
    return slow_objective


def job(url, *, trials, prepare=prepare):
    return Job(url, "ae80", trials, seed=0, heartbeat_seconds=1, prepare=prepare)


@contextmanager
def made(url):
    storage = open_storage(url, heartbeat_seconds=1)
    yield optuna.create_study(
        study_name="ae80", storage=storage, direction="maximize", load_if_exists=True
    )
    close_storage(storage)


def make_at_once(url, start):
    start.wait()
    with made(url):
        pass


def test_workers_on_many_machines_may_create_the_study_at_once(url):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4)
    processes = [context.Process(target=make_at_once, args=(url, start)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    storage = open_storage(url)
    assert len(optuna.get_all_study_summaries(storage)) == 1
    close_storage(storage)


def test_no_trial_is_lost_or_run_twice_when_one_of_two_workers_is_killed(url):
    with made(url) as study:
        record = searched_with_one_killed(url, study)
    assert record.counts["complete"] == 12
    assert record.counts["running"] == record.counts["waiting"] == 0
    run = [trial for trial in record.trials if SURPLUS not in trial.attributes]
    assert [trial.number for trial in run if trial.state == "fail"] == [0]
    retried = [trial for trial in run if trial.retry_of == 0]
    assert [trial.params for trial in retried] == [record.trials[0].params]
    rates = [trial.params["rate"] for trial in record.trials if trial.state == "complete"]
    assert len(set(rates)) == 12


def searched_with_one_killed(url, study):
    """Record of twelve trials, of which the first lost its worker."""
    with running_workers(job(url, trials=3, prepare=prepare_slow), 1) as (victim,):
        wait_until(lambda: any(trial.params for trial in study.get_trials(deepcopy=False)))
        os.kill(victim.pid, signal.SIGKILL)
        with running_workers(job(url, trials=12), 2) as workers:
            for worker in workers:
                worker.join(120)
            assert [worker.exitcode for worker in workers] == [0, 0]
    return to_record(study)


def test_the_study_of_a_server_is_committed_as_a_file(url, tmp_path):
    store = ArtifactStore(tmp_path)
    with made(url) as study:
        with running_workers(job(url, trials=3), 1) as (worker,):
            worker.join(60)
        storage = open_storage(url)
        commit_study(store, "ae80", storage, facts={})
        close_storage(storage)
        assert read_study(store, "ae80").trials == to_record(study).trials
    assert b"secret" not in store.read("studies/ae80", "ae80.db")


def test_a_server_that_has_gone_is_named_without_its_password(server):
    with pytest.raises(StorageError, match="does not answer") as raised:
        open_storage(f"{server}/no-such-database")
    assert "secret" not in str(raised.value)
