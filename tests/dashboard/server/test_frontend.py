"""Files of Streamlit's frontend as the dashboard serves them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from streamlit.file_util import get_static_dir

from dashboard.page_discovery import find_pages
from dashboard.server.frontend import (
    CHARTS,
    MODULES,
    MODULES_OF_PAGES,
    compiled_at_once,
    preload_links,
)

STATIC = Path(get_static_dir())
SCRIPTS = STATIC / "static" / "js"
VIEWS = Path(__file__).parents[3] / "dashboard" / "views"


@pytest.fixture(scope="module")
def charts() -> bytes:
    (file,) = SCRIPTS.glob(f"{CHARTS}.*.js")
    return file.read_bytes()


def test_the_module_of_the_charts_gains_two_parentheses_and_nothing_else(charts: bytes) -> None:
    served = compiled_at_once(charts)
    assert len(served) == len(charts) + 2
    assert served.replace(b"(", b"").replace(b")", b"") == charts.replace(b"(", b"").replace(
        b")", b""
    )


def test_the_module_of_the_charts_is_still_a_program(charts: bytes, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    served = tmp_path / "charts.mjs"
    served.write_bytes(compiled_at_once(charts))
    assert subprocess.run([node, "--check", str(served)], check=False).returncode == 0


def test_a_module_of_another_version_is_served_as_it_is() -> None:
    other = b"typeof self<`u`?self:n,()=>{var e=1;return e}"
    assert compiled_at_once(other) == other


@pytest.mark.parametrize("name", sorted({*MODULES, *sum(MODULES_OF_PAGES.values(), ())}))
def test_each_module_that_is_preloaded_is_one_file_of_the_frontend(name: str) -> None:
    assert len(list(SCRIPTS.glob(f"{name}.*.js"))) == 1


def test_modules_are_listed_for_pages_that_exist() -> None:
    assert set(MODULES_OF_PAGES) <= {page.name for page in find_pages(VIEWS)}


def test_a_page_preloads_its_modules_with_what_they_import_each_once() -> None:
    links = re.findall(r'js/([\w-]+)\.[^"]*\.js', preload_links(STATIC, "/models").decode())
    assert {"DataFrame", "arrowFormatUtils", "Metric"} <= set(links)
    assert CHARTS not in links
    assert len(links) == len(set(links))


def test_a_page_that_is_not_listed_preloads_the_charts() -> None:
    assert f"/{CHARTS}.".encode() in preload_links(STATIC, "/base/a_new_page/")
