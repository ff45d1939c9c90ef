"""Metrics that take seconds per megapixel, and the size of image up to which they are measured."""

from core.metrics import metrics

#: Number of pixels above which the slow metrics are measured only on request.
MAX_PIXELS_FOR_SLOW_METRICS = 2_000_000


def chosen_metrics(*, slow: bool) -> tuple[str, ...]:
    """Names of the metrics, with or without those that take seconds per megapixel."""
    return tuple(name for name, metric in metrics().items() if slow or not metric.ON_SUBSET_ONLY)
