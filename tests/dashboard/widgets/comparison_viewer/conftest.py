"""The viewer on a page of its own, opened in a browser."""

from collections.abc import Iterator

import pytest

from pipelines.benchmark.dashboard_server import running_server
from tests.dashboard.widgets.comparison_viewer.viewer_page import PAGE, OpenViewer, Viewer
from tests.waiting import PATIENCE_MS


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a page that shows the viewer alone."""
    page = tmp_path_factory.mktemp("page") / "page.py"
    page.write_text(PAGE, encoding="utf-8")
    with running_server(page, options=["--client.toolbarMode=auto"]) as server:
        yield server.address


@pytest.fixture
def open_viewer(browser, url: str) -> Iterator[OpenViewer]:
    contexts, errors = [], []

    def opened(query: str = "", *, width: int = 1280, script: str = "", **options) -> Viewer:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(script)
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{url}/{query}")
        return Viewer(page)

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
