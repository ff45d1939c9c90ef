"""The metrics: one module each, found by discovery."""

from functools import cache
from typing import cast

from core.metrics.base import Metric
from core.registry import Discovery, discover

_CONTRACT = (
    "NAME", "LABEL", "ORDER", "HIGHER_IS_BETTER", "ON_SUBSET_ONLY", "DEFINITION", "measure",
)  # fmt: skip


def metrics() -> dict[str, Metric]:
    """Metric modules by the name of their column, in the order in which tables show them."""
    return dict(_found())


def unavailable() -> dict[str, str]:
    """Reason by name for each module that cannot be used, such as a library that is missing."""
    return dict(_discovery().unavailable)


@cache
def _discovery() -> Discovery:
    return discover("core.metrics", _CONTRACT)


@cache
def _found() -> dict[str, Metric]:
    found = _discovery().modules.values()
    ordered = sorted(found, key=lambda module: (module.ORDER, module.NAME))
    return {module.NAME: cast(Metric, module) for module in ordered}
