from itertools import combinations

import numpy as np
import plotly.graph_objects as go
import pytest

from core.analysis.ladder import CONFIGURATIONS
from dashboard.charts.colors import codec_style, in_legend_order, known_codecs, translucent

BACKGROUNDS = ("#ffffff", "#11181b")
OURS = ["bottleneck", "bottleneck_slow", "bottleneck_visual", "ae80", "ae40", "ae20"]
OURS += ["ae80_rd", "ae40_rd", "ae20_rd"]
FORMATS = ["jpeg", "jpeg_optimized", "webp", "webp_slow", "avif", "avif_444", "jpeg_xl", "jpeg2000"]
FORMATS += ["jpegli", "avif_slow", "heic", "heic_444", "jpeg_xr"]
LOSSY = [*OURS, *FORMATS]
# Full deficiency after Machado, Oliveira and Fernandes, IEEE TVCG 15 (6), 2009, table 1.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(color):
    values = np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(first, second):
    dark, light = sorted(float(TO_XYZ[1] @ linear(color)) for color in (first, second))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb):
    x, y, z = np.cbrt(np.maximum(TO_XYZ @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883], 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("codec", [*known_codecs(), "unheard_of", "h264", "qoi"])
def test_every_colour_stands_out_from_both_themes(codec, background):
    assert contrast(codec_style(codec).color, background) >= 3


@pytest.mark.parametrize("vision", VISION)
def test_no_two_curves_share_a_colour_for_any_reader(vision):
    seen = {name: lab(VISION[vision] @ linear(codec_style(name).color)) for name in LOSSY}
    nearest = min(np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(LOSSY, 2))
    ours = min(np.linalg.norm(seen["bottleneck"] - seen[a]) for a in LOSSY if a != "bottleneck")
    assert nearest > 10
    assert ours > 15


def test_markers_and_colours_are_unique_so_that_a_grey_print_can_be_read():
    styles = [codec_style(name) for name in known_codecs()]
    assert len({style.symbol for style in styles}) == len(styles)
    assert len({style.color for style in styles}) == len(styles)


def test_our_codec_has_the_widest_line():
    widths = {name: codec_style(name).width for name in known_codecs()}
    assert max(widths, key=widths.get) == "bottleneck"


@pytest.mark.parametrize("codec", [*known_codecs(), "unheard_of"])
def test_plotly_knows_every_marker_and_dash(codec):
    style = codec_style(codec)
    trace = go.Scatter(marker={"symbol": style.symbol}, line={"dash": style.dash})
    assert trace.marker.symbol == style.symbol


def test_an_unknown_codec_always_looks_the_same_and_like_no_known_one():
    style = codec_style("unheard_of")
    assert style == codec_style("unheard_of")
    assert style.symbol not in {codec_style(name).symbol for name in known_codecs()}


def test_ours_come_first_and_unknown_codecs_last():
    assert in_legend_order(["zebra", "jpeg", "bottleneck", "apple"]) == [
        "bottleneck",
        "jpeg",
        "apple",
        "zebra",
    ]


def test_the_steps_of_the_ladder_stand_in_its_order():
    steps = [rung.codec for rung in CONFIGURATIONS]
    assert in_legend_order(sorted(steps)) == steps


def test_a_translucent_colour_keeps_its_hue():
    assert translucent("#0a141e", 0.25) == "rgba(10,20,30,0.25)"
