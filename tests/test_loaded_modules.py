"""What an import loads: counted in a process of its own."""

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from core.codecs import unavailable
from tests.source_imports import OTHER_PYTHONS, ROOT, TRAINING_LIBRARIES, import_graph

#: Bounds on loaded modules, the standard library's included: a new dependency would exceed them.
MAX_MODULES_OF_THE_ENTROPY_CODER = 300


MAX_MODULES_OF_AN_IMAGE = 300


MAX_MODULES_OF_THE_FIRST_PAGE = 2400


#: Runs the page that opens first, and fails where it shows an exception.
FIRST_PAGE = f"""
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(ROOT / "dashboard" / "navigation.py")!r}, default_timeout=120).run()
assert not app.exception, app.exception
assert app.title[0].value == "Findings", app.title
assert len(app.get("plotly_chart")) > 0
"""


def _modules_after(code: str, *, cwd: Path = ROOT) -> list[str]:
    """Modules that a fresh interpreter has loaded after some code."""
    found = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.splitlines()[-1].split()


def _distributed(modules: list[str]) -> set[str]:
    """Top-level names of installed distributions; what loads them at start is left out."""
    tops = {name.partition(".")[0] for name in modules}
    return (tops & packages_distributions().keys()) - {"_distutils_hack"}


def _importing(*rooms: str, but: tuple[str, ...] = ("-",)) -> str:
    names = sorted(
        name for name in import_graph() if f"{name}.".startswith(tuple(f"{r}." for r in rooms))
    )
    return f"import {', '.join(name for name in names if not name.startswith(but))}"


def test_the_entropy_coder_loads_numpy_and_constriction_only() -> None:
    modules = _modules_after(_importing("core.entropy"))
    assert _distributed(modules) == {"numpy", "constriction"}
    assert {name for name in modules if name.startswith("core.")} <= {
        "core.errors",
        "core.progress",
        *(name for name in modules if f"{name}.".startswith("core.entropy.")),
    }
    assert len(modules) < MAX_MODULES_OF_THE_ENTROPY_CODER


def test_the_type_of_an_image_loads_numpy_only() -> None:
    modules = _modules_after("import core.images")
    assert _distributed(modules) == {"numpy"}
    assert len(modules) < MAX_MODULES_OF_AN_IMAGE


def test_the_library_without_its_models_loads_nothing_that_trains() -> None:
    absent = tuple(f"core.codecs.{name}" for name in unavailable())
    modules = _modules_after(_importing("core", but=("core.models", OTHER_PYTHONS, *absent)))
    assert {name for name in modules if name.startswith("core.models")} == set()
    assert len([name for name in modules if name.startswith("core.")]) > 100
    assert _distributed(modules) & {*TRAINING_LIBRARIES, "streamlit"} == set()


def test_nothing_here_imports_what_another_python_runs() -> None:
    theirs = {name for name in import_graph() if name.startswith(f"{OTHER_PYTHONS}.")}
    assert theirs
    assert [name for name, used in import_graph().items() if used & theirs] == []


def test_the_first_page_loads_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    """The real page over the shipped results, in an interpreter of its own."""
    modules = _modules_after(FIRST_PAGE, cwd=tmp_path)
    unwanted = {*TRAINING_LIBRARIES, "scipy", "skimage", "matplotlib", "torch"}
    assert _distributed(modules) & unwanted == set()
    assert len(modules) < MAX_MODULES_OF_THE_FIRST_PAGE


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("core.entropy.range_coding", {"PIL", "imagecodecs", "pandas", "scipy", "core.store"}),
        ("core.entropy.bitstream", {"PIL", "imagecodecs", "pandas", "scipy", "core.store"}),
        ("core.images", {"PIL", "imagecodecs", "pandas", "scipy", "core.store"}),
        ("core.codecs", TRAINING_LIBRARIES | {"imagecodecs", "streamlit"}),
        ("core.evaluation.evaluate", TRAINING_LIBRARIES | {"streamlit"}),
        ("core.search.studies", TRAINING_LIBRARIES | {"streamlit"}),
        ("core.training_records.model_cards", TRAINING_LIBRARIES | {"streamlit"}),
        ("core.report.content", TRAINING_LIBRARIES | {"streamlit"}),
    ],
)
def test_importing_a_module_loads_no_more_than_it_needs(module: str, absent: set[str]) -> None:
    assert absent.isdisjoint(_modules_after(f"import {module}"))
