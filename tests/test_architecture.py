"""The rules that hold the layers apart, read from the imports themselves."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from core.codecs import unavailable

ROOT = Path(__file__).parent.parent
LAYERS = ("core", "pipelines", "dashboard")
TRAINING_LIBRARIES = {"keras", "tensorflow", "jax", "tf2onnx"}


#: Bounds on loaded modules, the standard library's included: a new dependency would exceed them.
MAX_MODULES_OF_THE_ENTROPY_CODER = 300
MAX_MODULES_OF_AN_IMAGE = 300
MAX_MODULES_OF_THE_FIRST_PAGE = 2400

#: Runs the page that opens first, and fails where it shows an exception.
FIRST_PAGE = f"""
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(ROOT / "dashboard" / "app.py")!r}, default_timeout=120).run()
assert not app.exception, app.exception
assert app.title[0].value == "Findings", app.title
assert len(app.get("plotly_chart")) > 0
"""
#: Programs that other Pythons run, whose frameworks are not installed here.
OTHER_PYTHONS = "core.codecs.external.programs"


#: Layers of the library from the bottom: a package imports from layers below only. Packages of one
#: layer do not import each other.
FLOORS = (
    {"errors", "images", "jobs", "progress", "registry", "stop_request"},
    {"store", "intake", "entropy", "metrics", "png"},
    {"dataset"},
    {"codecs"},
    {"evaluation", "timing", "training_records"},
    {"analysis", "search"},
    {"report", "models"},
)


def _files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _offenders(folder: str, forbidden: set[str], *, but_in: str = "-") -> list[str]:
    exempt = ROOT / but_in
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in _files(folder)
        if not path.is_relative_to(exempt)
        for name in _imports(path)
        if name.partition(".")[0] in forbidden
    ]


def test_every_layer_has_code_to_check() -> None:
    assert all(len(_files(layer)) > 3 for layer in LAYERS)


def test_core_knows_nothing_of_what_stands_above_it() -> None:
    assert _offenders("core", {"pipelines", "dashboard", "streamlit"}) == []


def test_pipelines_and_dashboard_do_not_know_each_other() -> None:
    assert _offenders("pipelines", {"dashboard", "streamlit"}) == []
    assert _offenders("dashboard", {"pipelines"}) == []


def test_only_core_models_imports_what_trains() -> None:
    assert _offenders("core", TRAINING_LIBRARIES, but_in="core/models") == []
    assert _offenders("pipelines", TRAINING_LIBRARIES) == []
    assert _offenders("dashboard", TRAINING_LIBRARIES) == []


def test_the_dashboard_and_the_codecs_never_reach_for_the_models() -> None:
    offenders = [
        f"{path.relative_to(ROOT)} imports {name}"
        for folder in ("dashboard", "core/codecs", "core/entropy", "core/metrics")
        for path in _files(folder)
        for name in _imports(path)
        if name.startswith("core.models")
    ]
    assert offenders == []


def test_charts_do_not_know_the_screen() -> None:
    assert _offenders("dashboard/charts", {"streamlit"}) == []


def test_imports_are_absolute() -> None:
    relative = [
        str(path.relative_to(ROOT))
        for layer in LAYERS
        for path in _files(layer)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]
    assert relative == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 130


def test_no_module_is_named_after_nothing_in_particular() -> None:
    vague = {"utils", "helpers", "common", "manager", "misc"}
    assert [path for layer in LAYERS for path in _files(layer) if path.stem in vague] == []


def test_tests_hold_no_package_that_would_shadow_the_code() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_files_stay_readable_in_one_sitting(layer: str) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _files(layer)}
    assert {str(path): lines for path, lines in lengths.items() if lines > 300} == {}


@cache
def _graph() -> dict[str, set[str]]:
    """Modules of the program that each module imports when it is loaded."""
    modules = {_module(path): path for layer in LAYERS for path in _files(layer)}
    return {
        name: {found for imported in _loaded(path) if (found := _owner(imported, modules))} - {name}
        for name, path in modules.items()
    }


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _owner(imported: str, modules: dict[str, Path]) -> str | None:
    """Module that an imported name is or lies in."""
    return next((name for name in (imported, imported.rpartition(".")[0]) if name in modules), None)


def _loaded(path: Path) -> Iterator[str]:
    """Names that a module imports at its top level, type checking left out."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter(_graph()).prepare()
    except CycleError as error:
        pytest.fail(f"circle: {' -> '.join(error.args[1])}")


def test_rooms_of_the_library_import_from_rooms_below_them_alone() -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    upward = [
        f"{name} imports {imported}"
        for name, found in _graph().items()
        for imported in found
        if name.startswith("core.") and imported.startswith("core.")
        if (mine := name.split(".")[1]) != (theirs := imported.split(".")[1])
        if floor[mine] <= floor[theirs]
    ]
    assert upward == []


def test_the_library_has_at_most_six_loose_files() -> None:
    assert len([path for path in (ROOT / "core").glob("*.py") if path.stem != "__init__"]) <= 6


def test_no_page_imports_another() -> None:
    across = [
        f"{name} imports {imported}"
        for name, found in _graph().items()
        for imported in found
        if name.startswith("dashboard.views.") and imported.startswith("dashboard.views.")
        if name.split(".")[2] != imported.split(".")[2]
    ]
    assert across == []


def test_what_one_page_alone_uses_lies_with_that_page() -> None:
    """Shared folders of the dashboard hold what at least two pages use."""
    lonely = {
        name: pages
        for name in _graph()
        if name.startswith(("dashboard.widgets.", "dashboard.charts."))
        if len(pages := _pages_that_load(name)) == 1
    }
    assert lonely == {}


def _pages_that_load(module: str) -> set[str]:
    users, waiting = {module}, [module]
    while waiting:
        loaded = waiting.pop()
        waiting += (found := {name for name, used in _graph().items() if loaded in used} - users)
        users |= found
    return {name.split(".")[2] for name in users if name.startswith("dashboard.views.")}


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
        name for name in _graph() if f"{name}.".startswith(tuple(f"{r}." for r in rooms))
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
    theirs = {name for name in _graph() if name.startswith(f"{OTHER_PYTHONS}.")}
    assert theirs
    assert [name for name, used in _graph().items() if used & theirs] == []


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
