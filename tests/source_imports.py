"""Which module of the source imports which, read with `ast`."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent


LAYERS = ("core", "pipelines", "dashboard")


TRAINING_LIBRARIES = {"keras", "tensorflow", "jax", "tf2onnx"}


#: Programs that other Pythons run, whose frameworks are not installed here.
OTHER_PYTHONS = "core.codecs.external.programs"


def source_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def import_graph() -> dict[str, set[str]]:
    """Modules of the program that each module imports when it is loaded."""
    modules = {_module(path): path for layer in LAYERS for path in source_files(layer)}
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
