"""The rules that hold the layers apart, read from the imports themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("core", "pipelines", "dashboard")
TRAINING_LIBRARIES = {"keras", "tensorflow", "jax", "tf2onnx"}


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


def test_no_module_is_named_after_nothing_in_particular() -> None:
    vague = {"utils", "helpers", "common", "manager", "misc"}
    assert [path for layer in LAYERS for path in _files(layer) if path.stem in vague] == []


def test_tests_hold_no_package_that_would_shadow_the_code() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_files_stay_readable_in_one_sitting(layer: str) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _files(layer)}
    assert {str(path): lines for path, lines in lengths.items() if lines > 300} == {}
