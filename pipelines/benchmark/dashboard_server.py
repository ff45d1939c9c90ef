"""A Streamlit server in a process of its own, for measurements and tests."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
_POLL_SECONDS = 0.02
#: A busy machine may need long to start a server, and to stop it.
_START_SECONDS, _STOP_SECONDS = 120.0, 20.0


@dataclass(frozen=True)
class DashboardServer:
    """A server that answers.

    Attributes:
        address: Its address, without a slash at the end.
        process: Its process.
        log: File of what it prints.
    """

    address: str
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def running_server(
    script: Path = APP,
    *,
    artifacts: Path | None = None,
    options: Sequence[str] = (),
) -> Iterator[DashboardServer]:
    """Serves a script on a free port of the loopback interface until the block is left.

    The working directory is a temporary one, as for a user who starts the dashboard from elsewhere.

    Args:
        script: The script, by default the dashboard.
        artifacts: Folder of the store; by default that of this process' environment.
        options: Further options of `streamlit run`.

    Raises:
        OSError: The server ended or did not answer in time; the message has its log.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        server = _answering(
            lambda address: _start(script, address, artifacts=artifacts, options=options, log=log),
            log,
        )
        try:
            yield server
        finally:
            _stop(server.process)


def _answering(start: Callable[[str], subprocess.Popen[bytes]], log: Path) -> DashboardServer:
    """A server that answers, on another port where somebody took the one that was free."""
    for is_last in (False, False, True):
        address = f"127.0.0.1:{_free_port()}"
        process = start(address)
        try:
            _wait_for_answer(f"http://{address}", process, log)
            return DashboardServer(f"http://{address}", process, log)
        except BaseException:
            has_ended = process.poll() is not None
            _stop(process)
            if is_last or not has_ended:
                raise
    raise AssertionError("The last attempt returns or raises.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(
    script: Path, address: str, *, artifacts: Path | None, options: Sequence[str], log: Path
) -> subprocess.Popen[bytes]:
    host, _, port = address.partition(":")
    flags = [f"--server.address={host}", f"--server.port={port}", "--server.headless=true"]
    # The server has another working directory, in which a relative path would name another folder.
    root = artifacts or os.environ.get("BOTTLENECK_ARTIFACTS")
    store = {"BOTTLENECK_ARTIFACTS": str(Path(root).resolve())} if root else {}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), *flags, *options],
            cwd=log.parent,
            env=os.environ | store,
            stdout=output,
            stderr=output,
        )


def _wait_for_answer(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(_POLL_SECONDS)
    raise OSError(f"{address} did not answer. Log of its server:\n{log.read_text()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
