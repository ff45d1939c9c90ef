"""Digest of the code that some functions depend on, unchanged by refactoring.

A result is out of date when the code that decides it has changed. What decides it is found from
the syntax trees: the definitions (functions, classes, constants) that are reachable from the entry
points. Each is hashed without docstrings, comments, annotations, formatting, the texts of errors
and the names of modules, so that rewording, reformatting or moving a definition to another file
changes nothing, while any change of what is computed does.
"""

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from core.evaluation.normalised_syntax import is_docstring, normalised, to_text

_OURS = ("core.", "pipelines.")  # a dot follows the name of the package itself, too
#: Packages that find, read, keep or report things; they decide nothing that is measured.
_INDECISIVE = ("core.dataset.splits", "core.intake", "core.progress", "core.registry", "core.store")


@dataclass(frozen=True)
class DecidingCode:
    """What entry points use.

    Attributes:
        digest: SHA-256 over the normalised definitions, in hexadecimal.
        definitions: Module and name of each definition, sorted, such as
            `core.codecs.jpeg:Jpeg`.
        libraries: Version by distribution of the third-party libraries used.
    """

    digest: str
    definitions: tuple[str, ...]
    libraries: Mapping[str, str]


def deciding_code(entries: Iterable[str]) -> DecidingCode:
    """Code and libraries that the entry points reach.

    Args:
        entries: `module:name` of each entry point; `module` alone stands for all that it defines.

    Raises:
        ValueError: There is no such module or definition.
    """
    return _deciding_code(tuple(entries))


@cache
def _deciding_code(entries: tuple[str, ...]) -> DecidingCode:
    found, waiting, libraries = set(), [*_entry_points(entries)], set()
    while waiting:
        definition = waiting.pop()
        if definition in found:
            continue
        found.add(definition)
        for used in _module(definition.module).used_by(definition.name):
            if isinstance(used, _Library):
                libraries.add(used.name)
            else:
                waiting.append(used)
    parts = sorted({text for one in found for text in _module(one.module).texts(one.name)})
    names = tuple(sorted(f"{one.module}:{one.name}" for one in found if one.name))
    return DecidingCode(_sha256("\n".join(parts)), names, _versions(libraries))


class _Definition(NamedTuple):
    """A definition; without a name, the statements of a module that define nothing."""

    module: str
    name: str


class _Library(NamedTuple):
    name: str


class _Import(NamedTuple):
    module: str
    attribute: str | None

    @property
    def path(self) -> str:
        return f"{self.module}.{self.attribute}" if self.attribute else self.module


@dataclass
class _Module:
    """Definitions and imports of one module."""

    name: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    loose: list[ast.stmt] = field(default_factory=list)
    imports: dict[str, _Import] = field(default_factory=dict)

    def statements(self, name: str) -> list[ast.stmt]:
        return self.definitions[name] if name else self.loose

    def used_by(self, name: str) -> Iterator["_Definition | _Library"]:
        yield _Definition(self.name, "")
        for statement in self.statements(name):
            for chain in _chains(normalised(statement)):
                yield from self._resolved(chain)

    def texts(self, name: str) -> Iterator[str]:
        for statement in self.statements(name):
            yield to_text(normalised(statement, modules=self._modules()))

    def _modules(self) -> frozenset[str]:
        """Names under which modules of this program were imported."""
        return frozenset(
            name
            for name, target in self.imports.items()
            if f"{target.module}.".startswith(_OURS) and _is_module(target.path)
        )

    def _resolved(self, chain: tuple[str, ...]) -> Iterator["_Definition | _Library"]:
        first, *rest = chain
        if first in self.definitions:
            yield _Definition(self.name, first)
        elif first in self.imports:
            yield from _followed(self.imports[first], rest)


def _entry_points(entries: tuple[str, ...]) -> Iterator[_Definition]:
    for entry in entries:
        module, _, name = entry.partition(":")
        if not _is_module(module) or (name and name not in _module(module).definitions):
            raise ValueError(f"An entry point is a definition of this program; received {entry!r}.")
        yield from [_Definition(module, name)] if name else _all_of(module)


def _followed(target: _Import, rest: list[str]) -> Iterator["_Definition | _Library"]:
    """What an imported name, and the attributes taken of it, lead to."""
    module, attribute = target
    top = module.partition(".")[0]
    if not f"{module}.".startswith(_OURS):
        if top not in sys.stdlib_module_names:
            yield _Library(top)
        return
    names = ([attribute] if attribute else []) + rest
    while names and _is_module(f"{module}.{names[0]}"):
        module = f"{module}.{names.pop(0)}"
    if module.startswith(_INDECISIVE):
        return
    if not names:
        yield from _all_of(module)
    elif names[0] in _module(module).definitions:
        yield _Definition(module, names[0])
    elif names[0] in _module(module).imports:
        yield from _followed(_module(module).imports[names[0]], names[1:])


def _all_of(module: str) -> Iterator[_Definition]:
    return (_Definition(module, name) for name in ("", *_module(module).definitions))


@cache
def _is_module(name: str) -> bool:
    return _path(name) is not None


@cache
def _path(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


@cache
def _module(name: str) -> _Module:
    path = _path(name)
    if path is None:
        raise ValueError(f"Expected a module of this program; received {name!r}.")
    tree = ast.parse(path.read_bytes())
    found = _Module(name)
    for node in ast.walk(tree):
        found.imports.update(_imports(node, package=_package(name, path)))
    for statement in tree.body:
        _file_under(found, statement)
    return found


def _package(name: str, path: Path) -> str:
    return name if path.name == "__init__.py" else name.rpartition(".")[0]


def _imports(node: ast.AST, *, package: str) -> Iterator[tuple[str, _Import]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            yield bound, _Import(alias.name if alias.asname else bound, None)
    elif isinstance(node, ast.ImportFrom):
        source = node.module or ""
        if node.level:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            source = ".".join([*parents, *([source] if source else [])])
        for alias in node.names:
            yield alias.asname or alias.name, _Import(source, alias.name)


def _file_under(module: _Module, statement: ast.stmt) -> None:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return
    names = list(_defined(statement))
    for name in names:
        module.definitions.setdefault(name, []).append(statement)
    if not names and not is_docstring(statement) and not _is_for_types(statement):
        module.loose.append(statement)


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        yield from (node.id for node in ast.walk(statement.target) if isinstance(node, ast.Name))


def _is_for_types(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test)


def _chains(node: ast.AST) -> Iterator[tuple[str, ...]]:
    """Names that a statement uses, with the attributes taken of modules."""
    if isinstance(node, ast.Attribute):
        names, base = [node.attr], node.value
        while isinstance(base, ast.Attribute):
            names.append(base.attr)
            base = base.value
        if isinstance(base, ast.Name):
            yield (base.id, *reversed(names))
            return
    if isinstance(node, ast.Name):
        yield (node.id,)
    for child in ast.iter_child_nodes(node):
        yield from _chains(child)


def _versions(tops: Iterable[str]) -> dict[str, str]:
    known = _distributions()
    names = sorted({known[top] for top in tops if top in known})
    return {name: metadata.version(name) for name in names}


@cache
def _distributions() -> dict[str, str]:
    """Distribution by the name that is imported."""
    found = metadata.packages_distributions()
    return {top: sorted(names)[0].lower() for top, names in found.items()}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
