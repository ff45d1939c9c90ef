"""The metrics: one module each, found by discovery."""

import math
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


def direction_of(label: str) -> int:
    """1 for the label of a metric that is better when larger, -1 when smaller, 0 for no metric.

    Args:
        label: `LABEL` of a metric, with or without its unit, such as `PSNR (dB)` or `PSNR`.
    """
    for metric in _found().values():
        if label in (metric.LABEL, metric.LABEL.partition(" (")[0]):
            return sign_of(metric.NAME)
    return 0


def sign_of(name: str) -> int:
    """1 where a larger value of a metric is better, -1 where a smaller one is.

    Args:
        name: Column of the metric; an unknown one counts as better when larger.
    """
    found = _found().get(name)
    return -1 if found is not None and not found.HIGHER_IS_BETTER else 1


def range_of(name: str) -> tuple[float, float]:
    """Smallest and largest finite value of a metric; infinite where it does not say.

    Args:
        name: Column of the metric.
    """
    low, high = getattr(_found()[name], "RANGE", (-math.inf, math.inf))
    return float(low), float(high)


def unit_in(label: str) -> str:
    """Unit of a metric's label, such as `dB`; empty where it has none.

    >>> unit_in("PSNR (dB)"), unit_in("SSIM")
    ('dB', '')
    """
    return label.removesuffix(")").rpartition(" (")[2] if label.endswith(")") else ""


def smallest_side(name: str) -> int:
    """Fewest pixels in height and width that a metric is defined for, as far as it says so.

    Args:
        name: Column of the metric.
    """
    return int(getattr(_found()[name], "SMALLEST_SIDE", 1))


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
