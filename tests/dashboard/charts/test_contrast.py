"""Text in charts has a contrast of at least 4.5 : 1 in both themes (WCAG 2.2, 1.4.3)."""

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from core.analysis.bd_tables import bd_matrix, bd_table
from dashboard.charts.rate_distortion import (
    Look,
    point_table,
    rate_distortion_figure,
)
from dashboard.views.rate_distortion.bd_rate_charts import interval_figure, matrix_figure
from dashboard.views.rate_distortion.read_off_lines import with_read_off
from dashboard.views.speed.worth import worth_figure

ROOT = Path(__file__).parents[3]
THEMES = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
LEAST = 4.5
#: Opacity of the text in pinned columns of Streamlit's tables.
PINNED = 0.6

RGB = tuple[float, float, float]


def _rgb(text: str) -> RGB:
    return tuple(int(text[start : start + 2], 16) for start in (1, 3, 5))


def _over(rgba: str, background: RGB) -> RGB:
    red, green, blue, opacity = map(float, re.findall(r"[\d.]+", rgba))
    paint = (red, green, blue)
    return tuple(
        opacity * front + (1 - opacity) * back
        for front, back in zip(paint, background, strict=True)
    )


def _luminance(color: RGB) -> float:
    shares = np.asarray(color) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(first: RGB, second: RGB) -> float:
    """Contrast ratio of two opaque colours, 1 to 21."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture
def figures(measured) -> dict[str, go.Figure]:
    tables = {codec: measured(codec) for codec in ("jpeg", "webp", "avif_444")}
    curves = rate_distortion_figure(
        point_table(tables, {}),
        metric_label="PSNR (dB)",
        look=Look(log_rate=True),
        lossless=pd.DataFrame(),
        tables=tables,
    )
    worth = pd.DataFrame(
        {
            "codec": ["jpeg", "webp"],
            "label": ["JPEG", "WebP"],
            "decode_milliseconds": [0.3, 0.9],
            "bd_rate_percent": [0.0, -30.0],
        }
    )
    table = bd_table(tables, anchor="jpeg", labels={}, samples=20)
    return {
        "curves": with_read_off(curves, value=32, value_text="32 dB", rate=1, rate_text="1 bpp"),
        "matrix": matrix_figure(bd_matrix(tables), {}),
        "intervals": interval_figure(table, anchor_label="JPEG"),
        "worth": worth_figure(worth),
    }


def _font_colors(node: Any) -> list[str]:
    """Every colour that a figure sets for text."""
    if isinstance(node, list):
        return [color for item in node for color in _font_colors(item)]
    if not isinstance(node, dict):
        return []
    own = [
        node[key]["color"]
        for key in ("font", "textfont", "tickfont")
        if isinstance(node.get(key), dict) and "color" in node[key]
    ]
    rest = (value for key, value in node.items() if key != "template")
    return own + [color for value in rest for color in _font_colors(value)]


def test_contrast_is_that_of_the_definition() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((118, 118, 118), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_text_of_the_page_can_be_read(theme: str) -> None:
    colors = THEMES[theme]
    assert contrast(_rgb(colors["textColor"]), _rgb(colors["backgroundColor"])) >= LEAST


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pinned_columns_of_tables_which_are_faded_can_be_read(theme: str) -> None:
    text, page = _rgb(THEMES[theme]["textColor"]), _rgb(THEMES[theme]["backgroundColor"])
    red, green, blue = text
    assert contrast(_over(f"rgba({red}, {green}, {blue}, {PINNED})", page), page) >= LEAST


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_text_of_every_cell_of_the_matrix_can_be_read(
    theme: str, figures: dict[str, go.Figure]
) -> None:
    text, page = _rgb(THEMES[theme]["textColor"]), _rgb(THEMES[theme]["backgroundColor"])
    cells = [color for _, color in figures["matrix"].data[0].colorscale]
    assert len(cells) == 4
    assert min(contrast(text, _over(color, page)) for color in cells) >= LEAST


def test_charts_leave_the_colour_of_text_to_the_page(figures: dict[str, go.Figure]) -> None:
    for name, figure in figures.items():
        assert _font_colors(figure.to_plotly_json()) == [], name


def test_the_page_gives_its_own_colour_to_the_text_of_charts() -> None:
    rule = (ROOT / "dashboard" / "style.css").read_text()
    assert re.search(r"\.stPlotlyChart[^{]*\{\s*fill: currentcolor !important;", rule)
    for part in (".xtick", ".ytick", ".legendtext", ".annotation-text", ".textpoint", ".xtitle"):
        assert part in rule
