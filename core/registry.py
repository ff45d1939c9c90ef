"""Finds the modules of a package, so that adding a codec or a metric is adding one file."""

import importlib
import pkgutil
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class Discovery:
    """Modules found in a package.

    Attributes:
        modules: Module by its short name, in alphabetical order.
        unavailable: Reason by short name for each module that lacks a dependency.
    """

    modules: dict[str, ModuleType]
    unavailable: dict[str, str]


def discover(package_name: str, *, marker: str) -> Discovery:
    """Modules of a package that define the attribute `marker`.

    Args:
        package_name: Dotted name of the package, such as `core.codecs`.
        marker: Attribute that makes a module one of those sought, such as `sweep`; others
            (a `base` module, say) are passed over.
    """
    package = importlib.import_module(package_name)
    modules: dict[str, ModuleType] = {}
    unavailable: dict[str, str] = {}
    for entry in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        try:
            module = importlib.import_module(f"{package_name}.{entry.name}")
        except ImportError as error:
            unavailable[entry.name] = f"needs {error.name or error}, which is not installed"
            continue
        if hasattr(module, marker):
            modules[entry.name] = module
    return Discovery(modules, unavailable)
