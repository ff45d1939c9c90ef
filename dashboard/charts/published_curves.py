"""Published curves laid over a rate-distortion figure: quoted, so thin, dashed, without marks."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from core.analysis.published import kodak_curves

#: Shown at first: the models that ours is measured against, and the best conventional codec.
SHOWN_FIRST = ("bmshj2018-hyperprior", "mbt2018-mean", "elic2022 (paper)", "VTM")

_COLORS = ("#7d8597", "#a0834a", "#5f8a8b", "#9a7aa0", "#8a8f5a", "#b07a6a", "#6d86b3")
_DASHES = ("dash", "dot")


def codec_names() -> list[str]:
    """Codecs with published curves on Kodak, learned ones first."""
    table = kodak_curves()[["kind", "codec"]].drop_duplicates().sort_values(["kind", "codec"])
    return list(table["codec"])


def sources() -> str:
    """Where the curves come from."""
    return "; ".join(kodak_curves()["source"].unique())


def add_published(figure: go.Figure, codecs: Sequence[str]) -> None:
    """Adds the published PSNR curves of some codecs on Kodak, within the rates that are drawn."""
    names, table = codec_names(), kodak_curves()
    drawn = [max(trace.x) for trace in figure.data if trace.x is not None and len(trace.x)]
    for codec in codecs:
        rows = table[(table["codec"] == codec) & (table["bpp"] <= max(drawn, default=math.inf))]
        index = names.index(codec)
        figure.add_scatter(
            x=rows["bpp"],
            y=rows["psnr_rgb_db"],
            name=f"{codec} (published)",
            mode="lines",
            line={
                "color": _COLORS[index % len(_COLORS)],
                "dash": _DASHES[index // len(_COLORS) % len(_DASHES)],
                "width": 1.5,
            },
            hovertemplate=(
                f"<b>{codec}</b>, published<br>%{{x:.3f}} bits per pixel<br>%{{y:.2f}} dB"
                "<extra></extra>"
            ),
        )
