"""The rules that hold the layers apart, read from the imports themselves."""

import ast
import re
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.source_imports import (
    LAYERS,
    ROOT,
    TRAINING_LIBRARIES,
    import_graph,
    imports_of,
    source_files,
)

#: Layers of the library from the bottom: a package imports from layers below only. Packages of one
#: layer do not import each other.
FLOORS = (
    {"errors", "images", "jobs", "plain_english", "progress", "registry", "stop_request"},
    {"store", "intake", "entropy", "metrics", "png"},
    {"dataset"},
    {"codecs"},
    {"evaluation", "timing", "training_records"},
    {"analysis", "search"},
    {"report", "models"},
)


def _offenders(folder: str, forbidden: set[str], *, but_in: str = "-") -> list[str]:
    exempt = ROOT / but_in
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in source_files(folder)
        if not path.is_relative_to(exempt)
        for name in imports_of(path)
        if name.partition(".")[0] in forbidden
    ]


def test_every_layer_has_code_to_check() -> None:
    assert all(len(source_files(layer)) > 3 for layer in LAYERS)


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
        for path in source_files(folder)
        for name in imports_of(path)
        if name.startswith("core.models")
    ]
    assert offenders == []


def test_charts_do_not_know_the_screen() -> None:
    assert _offenders("dashboard/charts", {"streamlit"}) == []


def test_every_chart_is_shown_by_the_function_that_lets_it_be_saved_and_read_aloud() -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for path in source_files("dashboard")
        if "st.plotly_chart(" in path.read_text(encoding="utf-8")
    ]
    assert offenders == ["dashboard/widgets/charts.py"]


def test_imports_are_absolute() -> None:
    relative = [
        str(path.relative_to(ROOT))
        for layer in LAYERS
        for path in source_files(layer)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]
    assert relative == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 130


def test_the_readme_names_the_versions_of_python_for_which_everything_can_be_installed() -> None:
    installs = (ROOT / "pipelines/INSTALLS.md").read_text(encoding="utf-8").splitlines()
    [row] = [line for line in installs if line.startswith("| `requirements.txt` | Python")]
    linux, macos = (re.findall(r"3\.\d+", cell) for cell in row.split("|")[2:4])
    stated = f"Python {linux[0]} to {linux[-1]} (macOS: {macos[-1]})."
    assert stated in (ROOT / "README.md").read_text(encoding="utf-8")


def test_no_module_is_named_after_nothing_in_particular() -> None:
    vague = {"utils", "helpers", "common", "manager", "misc"}
    assert [path for layer in LAYERS for path in source_files(layer) if path.stem in vague] == []


def test_tests_hold_no_package_that_would_shadow_the_code() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_files_stay_readable_in_one_sitting(layer: str) -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in source_files(layer)
    }
    assert {str(path): lines for path, lines in lengths.items() if lines > 300} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter(import_graph()).prepare()
    except CycleError as error:
        pytest.fail(f"circle: {' -> '.join(error.args[1])}")


def test_rooms_of_the_library_import_from_rooms_below_them_alone() -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    upward = [
        f"{name} imports {imported}"
        for name, found in import_graph().items()
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
        for name, found in import_graph().items()
        for imported in found
        if name.startswith("dashboard.views.") and imported.startswith("dashboard.views.")
        if name.split(".")[2] != imported.split(".")[2]
    ]
    assert across == []


def test_what_one_page_alone_uses_lies_with_that_page() -> None:
    """Shared folders of the dashboard hold what at least two pages use."""
    lonely = {
        name: pages
        for name in import_graph()
        if name.startswith(("dashboard.widgets.", "dashboard.charts."))
        if len(pages := _pages_that_load(name)) == 1
    }
    assert lonely == {}


def _pages_that_load(module: str) -> set[str]:
    users, waiting = {module}, [module]
    while waiting:
        loaded = waiting.pop()
        waiting += (
            found := {name for name, used in import_graph().items() if loaded in used} - users
        )
        users |= found
    return {name.split(".")[2] for name in users if name.startswith("dashboard.views.")}
