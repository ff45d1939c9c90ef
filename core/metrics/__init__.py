"""The metrics: one module each, found by discovery."""

from functools import cache
from typing import cast

from core.metrics.base import Metric
from core.registry import discover


def metrics() -> dict[str, Metric]:
    """Metric modules by the name of their column, in the order in which tables show them."""
    return dict(_found())


@cache
def _found() -> dict[str, Metric]:
    found = discover("core.metrics", marker="measure").modules.values()
    ordered = sorted(found, key=lambda module: (module.ORDER, module.NAME))
    return {module.NAME: cast(Metric, module) for module in ordered}
