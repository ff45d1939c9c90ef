"""What all charts of the pages have in common."""

from typing import Any

#: Settings of plotly's tool bar; points are chosen by a click, so selecting areas is left out.
CONFIG: dict[str, Any] = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
