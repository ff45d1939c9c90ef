"""A dashboard in a process of its own, for as long as a test of its load takes."""

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
MEGABYTE = 1 << 20


@dataclass
class Server:
    """A running dashboard.

    Attributes:
        address: Its address.
        process: Its process.
        largest: Most memory in bytes that was seen.
    """

    address: str
    process: psutil.Process
    largest: int = 0

    def memory(self) -> int:
        """Bytes of the server and its workers; shared pages count once per process."""
        codec = [self.process, *self.process.children(recursive=True)]
        total = 0
        for member in codec:
            try:
                total += member.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        self.largest = max(self.largest, total)
        return total

    def work_seconds(self) -> float:
        """Processor seconds of the processes that compute for visitors."""
        total = 0.0
        for child in self.process.children(recursive=True):
            try:
                if "core.jobs.worker" in child.cmdline():
                    total += sum(child.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue
        return total

    async def watch(self) -> None:
        """Samples the memory until it is cancelled."""
        while True:
            self.memory()
            await asyncio.sleep(0.25)


@contextmanager
def running_server():
    """A dashboard on a free port of this machine's loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
    flags = {"port": port, "address": "127.0.0.1", "headless": "true"}
    command += [f"--server.{name}={value}" for name, value in flags.items()]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        server = Server(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
        try:
            _wait_for(server.address, process)
            yield server
        finally:
            process.terminate()
            process.wait()


def _wait_for(address: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("The dashboard did not start.")
