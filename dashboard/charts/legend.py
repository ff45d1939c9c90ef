"""Where a chart's legend lies."""

from collections.abc import Mapping
from typing import Any

#: Below everything else of a figure. A place in heights of the plot would cover the axis' title
#: where a long legend, as on a phone, leaves little height to the plot.
LEGEND_BELOW: Mapping[str, Any] = {
    "orientation": "h",
    "x": 0,
    "y": 0,
    "yref": "container",
    "yanchor": "bottom",
    "title": None,
}
