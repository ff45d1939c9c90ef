"""The dashboard as a visitor's browser meets it: a server of its own, started from elsewhere."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page

from pipelines.benchmark.dashboard_server import DashboardServer, running_server

#: Processor time from the start of the server to its first page, which unlike time on the wall
#: hardly depends on what else the machine does. On idle cores the two are about equal, at half of
#: this; on busy ones the server is further with the rest of the page when the browser shows it.
FIRST_PAGE_PROCESSOR_SECONDS = 6.0
#: What trains, and what takes long to load and is needed behind the first page alone.
SLOW_LIBRARIES = re.compile(r"/(tensorflow|keras|jax|jaxlib|torch|scipy|matplotlib)/")


@pytest.fixture
def server(full_store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DashboardServer]:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with running_server(artifacts=full_store) as server:
        yield server


def _processor_seconds(server: DashboardServer) -> float:
    """Processor time of the server so far, in user and in system mode."""
    used = psutil.Process(server.process.pid).cpu_times()
    return float(used.user + used.system)


@pytest.fixture
def first_page(server: DashboardServer, page: Page) -> Page:
    page.goto(server.address)
    page.get_by_role("heading", name="Findings").wait_for()
    return page


@pytest.mark.slow
@pytest.mark.browser
def test_a_server_started_elsewhere_shows_its_first_page_soon_and_loads_nothing_slow(
    server: DashboardServer, first_page: Page, draw_everything: Callable[[Page], None]
) -> None:
    used = _processor_seconds(server)
    print(f"first page after {used:.1f} s of processor time")
    first_page.get_by_text("Where these numbers come from").wait_for()
    draw_everything(first_page)
    first_page.get_by_text("BNK at the bytes of JPEG 50").wait_for()
    assert first_page.get_by_test_id("stException").count() == 0
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert SLOW_LIBRARIES.findall(mapped) == []
    assert "Traceback" not in server.log.read_text()
    assert used < FIRST_PAGE_PROCESSOR_SECONDS
