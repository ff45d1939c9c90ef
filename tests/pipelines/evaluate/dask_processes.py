"""A Dask cluster on this machine, started by the commands of SCALING.md."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def documented(start: str, address: str) -> list[str]:
    """Words of the command in SCALING.md that begins like this, for a scheduler on this machine."""
    lines = (ROOT / "pipelines" / "SCALING.md").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith(start)]
    command = line.partition("#")[0].replace("tcp://HOST:8786", address)
    return command.replace("8786", address.rpartition(":")[2]).replace("auto", "1").split()


def _environment() -> dict[str, str]:
    """Without `PYTHONPATH`: a worker finds this program in its folder alone."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@contextmanager
def started(start: str, address: str, folder: Path = ROOT) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of Dask's command line as SCALING.md has it, killed at the end."""
    _, *words = documented(start, address)
    command = [sys.executable, *words, "--host", "127.0.0.1", "--no-dashboard"]
    if "worker" in words:  # the nanny would start a killed worker again
        command.append("--no-nanny")
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def running_cluster(
    workers: int, *, folder: Path = ROOT
) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """Address of a cluster on this machine, and the processes of its workers, once all answer."""
    address = f"tcp://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        stack.enter_context(started("python -m dask scheduler", address))
        processes = [
            stack.enter_context(started("python -m dask worker", address, folder))
            for _ in range(workers)
        ]
        wait_until(lambda: answering_workers(address) == workers)
        yield address, processes


def answering_workers(address: str) -> int:
    """How many workers the scheduler has; 0 while it does not answer."""
    from distributed import Client

    try:
        with Client(address, timeout=2, set_as_default=False) as client:
            return len(client.nthreads())
    except OSError:
        return 0
