"""Finds the dashboard's pages, so that adding a page is adding one folder."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TypeVar

T = TypeVar("T")

#: Folder of the dashboard's pages.
VIEWS = Path(__file__).resolve().parent / "views"

#: Every rerun of every visitor asks for the pages, and Python 3.11 cannot parse in two threads at
#: once: "SystemError: AST constructor recursion depth mismatch".
_PARSING = Lock()


class PageError(ValueError):
    """A page's file lacks its title, icon, group or order."""


@dataclass(frozen=True)
class PageFile:
    """One page, as the first lines of its file describe it.

    Attributes:
        path: File that draws the page.
        title: Name in the navigation.
        icon: Icon in the navigation, such as `:material/insights:`.
        group: Heading in the navigation that the page stands under.
        order: Place in the navigation; the lowest is the page that opens first.
    """

    path: Path
    title: str
    icon: str
    group: str
    order: int

    @property
    def name(self) -> str:
        """Name in the address, equal to the folder's name."""
        return self.path.parent.name


def find_pages(folder: Path) -> list[PageFile]:
    """Pages of a folder in the order of the navigation.

    Files are read, not imported: a page draws itself when it is imported.

    Args:
        folder: Folder with one folder per page, which `page.py` in it draws.

    Raises:
        PageError: A file lacks TITLE, ICON, GROUP or ORDER, or does not give it as a literal.
    """
    return sorted(
        map(read_page, folder.glob("*/page.py")), key=lambda page: (page.order, page.name)
    )


def read_page(path: Path) -> PageFile:
    """Page described by the TITLE, ICON, GROUP and ORDER literals at the top level of a file.

    Raises:
        PageError: One of them is absent or is not a literal of the right type.
    """
    with _PARSING:
        literals = _literals(path, path.stat().st_mtime_ns)

    def text(name: str) -> str:
        return _literal(path, literals, name, str)

    return PageFile(
        path, text("TITLE"), text("ICON"), text("GROUP"), _literal(path, literals, "ORDER", int)
    )


def _literal(path: Path, literals: Mapping[str, object], name: str, kind: type[T]) -> T:
    value = literals.get(name)
    if isinstance(value, kind):
        return value
    raise PageError(
        f"{path.parent.name}/{path.name} needs a line `{name} = ...` with a literal "
        f"{kind.__name__}; received {value!r}."
    )


@lru_cache(maxsize=64)
def _literals(path: Path, changed: int) -> dict[str, object]:
    """Literals of a file that was last changed at that time."""
    found: dict[str, object] = {}
    for statement in ast.parse(path.read_text(encoding="utf-8"), filename=str(path)).body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Constant):
            continue
        for target in statement.targets:
            if isinstance(target, ast.Name):
                found[target.id] = statement.value.value
    return found
