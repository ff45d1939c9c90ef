"""A dashboard in a process of its own, for as long as a test of its load takes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from pipelines.benchmark.dashboard_server import running_server

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
        members = [self.process, *self.process.children(recursive=True)]
        total = 0
        for member in members:
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
def watched_server() -> Iterator[Server]:
    """A dashboard on a free port of this machine's loopback."""
    with running_server() as server:
        yield Server(server.address, psutil.Process(server.process.pid))
