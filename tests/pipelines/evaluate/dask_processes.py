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
    with ExitStack() as stack:
        address = stack.enter_context(running_scheduler())
        processes = [
            stack.enter_context(started("python -m dask worker", address, folder))
            for _ in range(workers)
        ]

        def all_answer() -> bool:
            assert all(process.poll() is None for process in processes), "a worker ended"
            return answering_workers(address) == workers

        wait_until(all_answer)
        yield address, processes


@contextmanager
def running_scheduler() -> Iterator[str]:
    """Address of a scheduler that answers, on another port where one was taken meanwhile."""
    for _ in range(3):
        address = f"tcp://127.0.0.1:{free_port()}"
        with started("python -m dask scheduler", address) as process:
            if _answers(address, process):
                yield address
                return
    raise AssertionError("The scheduler ended before it answered.")


def _answers(address: str, process: "subprocess.Popen[bytes]") -> bool:
    """Whether a scheduler answers in the end; False where its process has ended."""
    wait_until(lambda: process.poll() is not None or answering_workers(address) is not None)
    return process.poll() is None


def answering_workers(address: str) -> int | None:
    """How many workers the scheduler has; None while it does not answer."""
    from distributed import Client

    try:
        with Client(address, timeout=2, set_as_default=False) as client:
            return len(client.nthreads())
    except OSError:
        return None
