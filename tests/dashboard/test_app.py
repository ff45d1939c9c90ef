"""The dashboard as a visitor's browser meets it: a server of its own, started from elsewhere."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
#: Processor time from the start of the server to its first page, which unlike time on the wall
#: does not depend on what else the machine does. On idle cores the two are about equal.
FIRST_PAGE_PROCESSOR_SECONDS = 3.0
#: What trains, and what takes long to load and is needed behind the first page alone.
SLOW_LIBRARIES = re.compile(r"/(tensorflow|keras|jax|jaxlib|torch|scipy|matplotlib)/")


@dataclass(frozen=True)
class Server:
    """A running dashboard."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    started: float

    def processor_seconds(self) -> float:
        """Processor time of the server so far, in user and in system mode."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as answer:
            return answer.read().decode("utf-8")


@pytest.fixture
def server(full_store: Path, tmp_path: Path) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    log = tmp_path / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py")]
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    environment = {**os.environ, "BOTTLENECK_ARTIFACTS": str(full_store)}
    environment.pop("PYTHONPATH", None)
    with log.open("wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            [*command, *options], cwd=elsewhere, env=environment, stdout=output, stderr=output
        )
    found = Server(process, f"http://127.0.0.1:{port}", log, started)
    try:
        _wait_for_health(found)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for_health(server: Server) -> None:
    while time.monotonic() - server.started < 120:
        assert server.process.poll() is None, server.log.read_text()
        try:
            if server.get("/_stcore/health") == "ok":
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    pytest.fail(f"no answer within 120 s: {server.log.read_text()}")


@pytest.fixture
def first_page(server: Server) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(server.url)
        page.get_by_role("heading", name="Findings").wait_for(timeout=120_000)
        yield page
        browser.close()


@pytest.mark.slow
@pytest.mark.browser
def test_a_server_started_elsewhere_shows_its_first_page_soon_and_loads_nothing_slow(
    server: Server, first_page: Page, draw_everything: Callable[[Page], None]
) -> None:
    used, waited = server.processor_seconds(), time.monotonic() - server.started
    print(
        f"first page after {used:.1f} s of processor time, {waited:.1f} s with the browser's start"
    )
    first_page.get_by_text("Where these numbers come from").wait_for(timeout=120_000)
    draw_everything(first_page)
    first_page.get_by_text("BNK at the bytes of JPEG 50").wait_for(timeout=120_000)
    assert first_page.get_by_test_id("stException").count() == 0
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert SLOW_LIBRARIES.findall(mapped) == []
    assert "Traceback" not in server.log.read_text()
    assert used < FIRST_PAGE_PROCESSOR_SECONDS
