"""Load times of the dashboard's pages in a headless browser, and the server's memory."""

import shutil
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.jobs.process_limits import available_cores
from core.timing.table import Start, Timing
from pipelines.benchmark.blocks import Rounds, TimingBlock
from pipelines.benchmark.dashboard_server import DashboardServer, running_server
from pipelines.benchmark.measuring import memory
from pipelines.benchmark.process import ROOT, Processes

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_SECONDS = 120.0
_LOOK_MILLISECONDS = 1500
_STARTS: tuple[Start, ...] = ("cold", "warm")
#: Playwright attaches a debugger, with which V8 compiles the large functions of the charts' library
#: a second time to know their lines (0.6 of 1.1 s of processor time). A visitor's browser does not.
_AS_WITHOUT_DEBUGGER = "--js-flags=--no-enable-lazy-source-positions"
#: The first content of a page is its heading; the page is complete when the server's run has ended
#: and no element is pending.
_SHOWN = "h1"
_WHOLE = (
    "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    " && !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')"
)
_HAS_ANOTHER_HEADING = (
    "(heading) => ![undefined, heading].includes(document.querySelector('h1')?.innerText)"
)


def reason_against() -> str | None:
    """Why it cannot be measured here; None where it can."""
    try:
        import playwright.sync_api  # noqa: F401 only whether it is there
    except ImportError:
        return "playwright is not installed (pip install -r requirements-dev.txt)"
    if _browser() is None:
        return f"there is none of the browsers {', '.join(_BROWSERS)}"
    return None


def dashboard_blocks(rounds: Rounds, store_root: Path) -> list[TimingBlock]:
    """One piece per round over all pages."""
    return [
        TimingBlock(f"pages-{repeat:02d}", 60.0, partial(_pages, repeat, store_root))
        for repeat in range(rounds.pages)
    ]


def _pages(repeat: int, store_root: Path, processes: Processes) -> list[Timing]:
    """Each page on a server that starts, and once more; at last a walk through all pages."""
    from playwright.sync_api import sync_playwright

    names = sorted(path.parent.name for path in (ROOT / "dashboard" / "views").glob("*/page.py"))
    timings: list[Timing] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_browser(), args=["--no-sandbox", "--disable-gpu", _AS_WITHOUT_DEBUGGER]
        )
        try:
            for name in names:
                started = time.perf_counter()
                with running_server(artifacts=store_root) as server:
                    for start in _STARTS:
                        timings += _visit(browser, server, name, start, repeat, started)
                        started = time.perf_counter()
            with running_server(artifacts=store_root) as server:
                for name in names:
                    _visit(browser, server, name, "warm", repeat, time.perf_counter())
                timings += walk_by_clicks(browser, server.address, names, repeat)
                most = memory("VmHWM", process=server.process.pid)
                timings.append(_timing("all pages", "memory", "warm", repeat, peak_bytes=most))
        finally:
            browser.close()
    return timings


def _visit(
    browser: "Browser",
    server: DashboardServer,
    name: str,
    start: Start,
    repeat: int,
    started: float,
) -> list[Timing]:
    """Times since a moment to a page's first content and to the whole page."""
    page = _new_tab(browser)
    page.goto(f"{server.address}/{name}")
    page.locator(_SHOWN).first.wait_for()
    first = time.perf_counter() - started
    page.wait_for_function(_WHOLE)
    whole = time.perf_counter() - started
    page.close()
    return [
        _timing(name, "first_content", start, repeat, seconds=first),
        _timing(name, "whole_page", start, repeat, seconds=whole),
    ]


def walk_by_clicks(
    browser: "Browser", address: str, names: Sequence[str], repeat: int
) -> list[Timing]:
    """Times from a click in the sidebar of another page to the whole page."""
    timings: list[Timing] = []
    page = _new_tab(browser)
    page.goto(f"{address}/{names[-1]}")
    page.wait_for_function(_WHOLE)
    for name in names:
        # A visitor looks at a page before the next click; parts near the screen are drawn then.
        page.wait_for_timeout(_LOOK_MILLISECONDS)
        heading = page.locator(_SHOWN).first.inner_text()
        started = time.perf_counter()
        page.locator(f"[data-testid=stSidebarNavLink][href$='/{name}']").click()
        page.wait_for_function(_HAS_ANOTHER_HEADING, arg=heading)
        page.wait_for_function(_WHOLE)
        seconds = time.perf_counter() - started
        timings.append(_timing(name, "opened_by_click", "warm", repeat, seconds=seconds))
    page.close()
    return timings


def _new_tab(browser: "Browser") -> "Page":
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(1000 * _PATIENCE_SECONDS)
    return page


def _timing(name: str, operation: str, start: Start, repeat: int, **measured: Any) -> Timing:
    return Timing(
        method="dashboard",
        label="Dashboard",
        kind="dashboard",
        operation=operation,
        start=start,
        threads=available_cores(),
        repeat=repeat,
        setting=name,
        **measured,
    )


def _browser() -> str | None:
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)
