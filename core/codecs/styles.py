"""Colour, marker and dash pattern of each codec, the same on every page.

The colours keep a contrast of at least 3 : 1 against the light and the dark background. The
curves that are drawn together also keep their distance for readers with a red or green colour
deficiency; the marker and the dash tell codecs apart without any colour.
"""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class CodecStyle:
    """How a codec is drawn.

    Attributes:
        color: Six hexadecimal digits after `#`.
        symbol: Plotly's name of the marker.
        dash: Plotly's name of the line pattern.
        width: Width of the line in pixels.
    """

    color: str
    symbol: str
    dash: str = "solid"
    width: float = 2.0


_STYLES = {
    "bottleneck": CodecStyle("#e32d78", "star", width=4.0),
    "bottleneck_slow": CodecStyle("#e12d4b", "star-open", "dot", 3.0),
    "bottleneck_visual": CodecStyle("#2a9385", "star-square", "dash", 3.0),
    "ae80": CodecStyle("#7e761f", "cross", "longdash", 2.5),
    "ae40": CodecStyle("#da1300", "x", "longdash", 2.5),
    "ae20": CodecStyle("#e30bca", "bowtie", "longdash", 2.5),
    "ae80_rd": CodecStyle("#bb74e6", "cross-open", "dash", 3.0),
    "ae40_rd": CodecStyle("#007346", "x-open", "dash", 3.0),
    "ae20_rd": CodecStyle("#d741fd", "bowtie-open", "dash", 3.0),
    "ladder_hyperprior": CodecStyle("#4c9383", "triangle-ne", "longdashdot"),
    "ladder_context": CodecStyle("#ab53ae", "triangle-se", "longdashdot"),
    "ladder_transforms": CodecStyle("#508185", "triangle-sw", "longdashdot"),
    "ladder_lattice": CodecStyle("#4c7e62", "triangle-nw", "longdashdot"),
    "jpeg": CodecStyle("#8f93a7", "circle"),
    "jpeg_optimized": CodecStyle("#bd8943", "circle-open", "dot"),
    "jpegli": CodecStyle("#b78364", "circle-open-dot", "dash"),
    "webp": CodecStyle("#4d81fc", "square"),
    "webp_slow": CodecStyle("#2f81c7", "square-open", "dot"),
    "avif": CodecStyle("#097769", "diamond"),
    "avif_444": CodecStyle("#4a7632", "diamond-open", "dot", 3.0),
    "avif_slow": CodecStyle("#b72492", "diamond-open-dot", "dash"),
    "heic": CodecStyle("#ab2ad6", "hexagon2", "dashdot"),
    "heic_444": CodecStyle("#546599", "hexagon2-open", "dot"),
    "jpeg_xl": CodecStyle("#714af6", "triangle-up", "dash"),
    "jpeg2000": CodecStyle("#de7a00", "triangle-down", "dashdot"),
    "jpeg_xr": CodecStyle("#9c80b7", "star-triangle-up", "dashdot"),
    "tiff_lzw": CodecStyle("#8a7f74", "triangle-left"),
    "tiff_deflate": CodecStyle("#9a8b7a", "triangle-right"),
    "png": CodecStyle("#6f8794", "pentagon"),
    "webp_lossless": CodecStyle("#4b88b5", "hexagon"),
    "jpeg_xl_lossless": CodecStyle("#9c80c4", "hexagram"),
}

_SPARE_COLORS = ("#b0577f", "#5f8a3c", "#8d6fb3", "#b3703d", "#3f8f9e", "#a0834a")
_SPARE_SYMBOLS = (
    "square-x",
    "diamond-cross",
    "circle-x",
    "star-diamond",
    "octagon",
    "hourglass",
    "triangle-up-open",
)


def codec_style(codec: str) -> CodecStyle:
    """Style of a codec; an unknown one gets a style that depends on its name alone."""
    if codec in _STYLES:
        return _STYLES[codec]
    number = int.from_bytes(hashlib.sha256(codec.encode()).digest()[:4], "big")
    number, color = divmod(number, len(_SPARE_COLORS))
    return CodecStyle(
        _SPARE_COLORS[color], _SPARE_SYMBOLS[number % len(_SPARE_SYMBOLS)], "longdashdot"
    )


def known_codecs() -> tuple[str, ...]:
    """Codecs with a style of their own, in legend order."""
    return tuple(_STYLES)


def in_legend_order(names: list[str]) -> list[str]:
    """The names as legends and lists show them: ours first, then the formats, then unknown ones."""
    known = known_codecs()
    return sorted(
        names, key=lambda name: (known.index(name) if name in known else len(known), name)
    )


def translucent(color: str, opacity: float) -> str:
    """The colour with an opacity between 0 and 1, as CSS writes it."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
