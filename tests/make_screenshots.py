"""Takes the images of the dashboard that the README shows: `python tests/make_screenshots.py`."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "dashboard" / "screenshots"
#: Address below the server, and what must be on the page before its image is taken.
PAGES = {
    "compare": ("compare", ".viewer[data-ready=true][data-layers='6']"),
    "findings": ("", ".js-plotly-plot"),
}
SIZE = {"width": 1280, "height": 900}
SETTLE_MILLISECONDS = 8000


@contextmanager
def running_dashboard() -> Iterator[str]:
    """Address of a dashboard that runs for the duration."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py")]
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    process = subprocess.Popen([*command, *options], cwd=ROOT)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(address)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_it_answers(address: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("The dashboard did not answer within a minute.")


def take(browser: Browser, address: str, name: str) -> Path:
    """File of the image of one page."""
    page_path, ready = PAGES[name]
    page = browser.new_page(viewport=SIZE, device_scale_factor=1.5, color_scheme="light")
    page.goto(f"{address}/{page_path}")
    page.locator(ready).first.wait_for(timeout=120_000)
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file, timeout=120_000)
    page.close()
    return file


def main() -> None:
    """Takes every image and says where it lies."""
    FOLDER.mkdir(exist_ok=True)
    with running_dashboard() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for name in PAGES:
            print(take(browser, address, name).relative_to(ROOT))
        browser.close()


if __name__ == "__main__":
    main()
