"""The metrics: one module each, found by discovery."""

from functools import cache
from typing import cast

from core.metrics.base import Metric
from core.registry import discover

_CONTRACT = (
    "NAME", "LABEL", "ORDER", "HIGHER_IS_BETTER", "ON_SUBSET_ONLY", "DEFINITION", "measure",
)  # fmt: skip


def metrics() -> dict[str, Metric]:
    """Metric modules by the name of their column, in the order in which tables show them."""
    return dict(_found())


@cache
def _found() -> dict[str, Metric]:
    found = discover("core.metrics", _CONTRACT).modules.values()
    ordered = sorted(found, key=lambda module: (module.ORDER, module.NAME))
    return {module.NAME: cast(Metric, module) for module in ordered}
