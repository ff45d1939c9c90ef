"""Seconds from the start of the dashboard to its first page, in a browser without a window."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from core.benchmarks import Start, Timing
from pipelines.benchmark_blocks import Block, Rounds
from pipelines.benchmark_process import ROOT, Processes

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_SECONDS = 120.0
_STARTS: tuple[Start, ...] = ("cold", "warm")
#: Server and browser alike draw a page; what counts as shown is its heading.
_SHOWN = "h1"


def reason_against() -> str | None:
    """Why it cannot be measured here; None where it can."""
    try:
        import playwright.sync_api  # noqa: F401 only whether it is there
    except ImportError:
        return "playwright is not installed (pip install -r requirements-dev.txt)"
    if _browser() is None:
        return f"there is none of the browsers {', '.join(_BROWSERS)}"
    return None


def dashboard_blocks(rounds: Rounds, store_root: Path) -> list[Block]:
    """One piece per start of the dashboard."""
    return [
        Block(f"first-page-{repeat:02d}", 8.0, partial(_first_pages, repeat, store_root))
        for repeat in range(rounds.first_page)
    ]


def _first_pages(repeat: int, store_root: Path, processes: Processes) -> list[Timing]:
    """Time to the first page of a server that starts, and of the same server once more."""
    from playwright.sync_api import sync_playwright

    timings = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            started = time.perf_counter()
            with _dashboard(store_root) as address:
                for start in _STARTS:
                    page = browser.new_page(viewport={"width": 1280, "height": 900})
                    page.goto(address)
                    page.locator(_SHOWN).first.wait_for(timeout=1000 * _PATIENCE_SECONDS)
                    seconds = time.perf_counter() - started
                    page.close()
                    timings.append(_timing(start, repeat, seconds))
                    started = time.perf_counter()
        finally:
            browser.close()
    return timings


def _timing(start: Start, repeat: int, seconds: float) -> Timing:
    return Timing(
        method="dashboard",
        label="Dashboard",
        kind="dashboard",
        operation="first_page",
        start=start,
        threads=len(os.sched_getaffinity(0)),
        repeat=repeat,
        seconds=seconds,
    )


@contextmanager
def _dashboard(store_root: Path) -> Iterator[str]:
    """Address of a dashboard that runs for the duration."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py")]
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    environment = os.environ | {"BOTTLENECK_ARTIFACTS": str(store_root)}
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [*command, *options],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/_stcore/health", process)
            yield address
        finally:
            process.kill()
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.02)
    raise OSError("The dashboard did not start.")


def _browser() -> str | None:
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)
