"""Finds the modules of a package, so that adding a codec or a metric is adding one file."""

import importlib
import pkgutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from types import ModuleType


@dataclass(frozen=True)
class Discovery:
    """Modules found in a package.

    Attributes:
        modules: Module by its short name, in alphabetical order.
        unavailable: Reason by short name for each module that cannot be used.
    """

    modules: dict[str, ModuleType]
    unavailable: dict[str, str]


def discover(package_name: str, *contracts: tuple[str, ...]) -> Discovery:
    """Modules of a package that fulfil one of several contracts.

    A module that defines only some names of a contract is unavailable, as is one that cannot be
    imported; the others remain usable.

    >>> "png" in discover("core.codecs", ("LABEL", "KIND", "sweep")).modules
    True

    Args:
        package_name: Dotted name of the package, such as `core.codecs`.
        contracts: Names that a module has to define; modules that define none of the names (a
            `base` module, say) are skipped.
    """
    package = importlib.import_module(package_name)
    modules: dict[str, ModuleType] = {}
    unavailable: dict[str, str] = {}
    for entry in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        try:
            module = importlib.import_module(f"{package_name}.{entry.name}")
        except Exception as error:  # whatever the file does, the other modules still work
            unavailable[entry.name] = _reason(error)
            continue
        lacking = min((_lacking(module, names) for names in contracts), key=len)
        if not lacking:
            modules[entry.name] = module
        elif any(hasattr(module, name) for names in contracts for name in names):
            unavailable[entry.name] = f"does not define {' and '.join(lacking)}"
    return Discovery(modules, unavailable)


def require(library: str) -> None:
    """Checks that a library is installed without loading it.

    For a module that loads a slow library at its first use: without the library the module is
    unavailable, as if it had imported it at its top.

    Raises:
        ModuleNotFoundError: It is not installed.
    """
    if find_spec(library) is None:
        raise ModuleNotFoundError(f"No module named {library!r}", name=library)


def _reason(error: Exception) -> str:
    """Why a module cannot be used; one of those that are loaded only lacks a name."""
    if isinstance(error, ImportError) and error.name not in sys.modules:
        return f"needs {error.name or error}, which is not installed"
    return f"cannot be loaded: {type(error).__name__}: {error}"


def _lacking(module: ModuleType, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if not hasattr(module, name)]
