"""Figures of the codecs' times and memory, from the benchmark's medians."""

from collections.abc import Iterator

import pandas as pd
import plotly.graph_objects as go

from core.analysis.axis_ticks import TIME_TICKS
from core.plain_english import counted
from core.timing.table import Start
from dashboard.charts.colors import codec_style, in_legend_order, translucent
from dashboard.charts.legend import LEGEND_BELOW

#: Display label of each timed operation.
OPERATIONS = {"encode": "Encode", "decode": "Decode"}
_MARGIN = {"l": 8, "r": 8, "t": 12, "b": 8}
_NANOSECONDS = [digit * 10.0**power for power in range(-1, 6) for digit in (1, 3)]
_MEGA = 2.0**20


def coding_times(
    medians: pd.DataFrame, *, size: tuple[int, int], start: Start, threads: int
) -> pd.DataFrame:
    """Encoding and decoding times of all codecs on images of one size.

    A codec that cannot use so many cores, and so was not measured with them, keeps the row with
    the most that it has.

    Args:
        medians: Rows of `core.timing.table.medians`.
        size: Width and height of the image.
        start: Whether the process was fresh.
        threads: Processor cores.
    """
    width, height = size
    rows = medians[
        medians["operation"].isin(list(OPERATIONS))
        & (medians["width"] == width)
        & (medians["height"] == height)
        & (medians["start"] == start)
        & (medians["threads"] <= threads)
    ]
    rows = rows.sort_values("threads", kind="stable")
    return rows.drop_duplicates(["method", "setting", "operation"], keep="last").reset_index(
        drop=True
    )


def timed_only(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that have a time, the codec with the fastest encoder first."""
    timed = rows[rows["repeats"] > 0]
    encoding = timed[timed["operation"] == "encode"].set_index("method")["seconds"]
    rank = timed["method"].map(encoding.groupby(level=0).min())
    return timed.assign(rank=rank).sort_values(["rank", "method"]).drop(columns="rank")


def time_figure(rows: pd.DataFrame, *, threads: int) -> go.Figure:
    """One row per codec: encoding as a filled marker, decoding as a ring, quartiles as bars.

    Args:
        rows: Rows of `coding_times` with a time, in the order of the lines from the top.
        threads: Requested cores; a codec measured with fewer has them in its label.
    """
    figure = go.Figure()
    names = {row.method: _name(row, threads) for row in rows.itertuples()}
    for method, own in rows.groupby("method", sort=False):
        figure.add_trace(_span(own, names[str(method)]))
    for operation in OPERATIONS:
        chosen = rows[rows["operation"] == operation]
        figure.add_traces([_mark(row, names[row["method"]]) for _, row in chosen.iterrows()])
    figure.add_traces(list(_legend()))
    figure.update_xaxes(
        title="Time (logarithmic)",
        type="log",
        tickvals=[tick.value for tick in TIME_TICKS],
        ticktext=[tick.text for tick in TIME_TICKS],
        tickangle=0,
    )
    _list_names(figure, list(names.values()))
    figure.update_layout(
        height=130 + 27 * len(names),
        margin=_MARGIN,
        legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
        hovermode="closest",
        uirevision="times",
    )
    return figure


def pixel_cost_figure(medians: pd.DataFrame, *, operation: str, start: Start) -> go.Figure:
    """Nanoseconds per pixel over image size: flat where time is proportional to the size.

    Args:
        medians: Rows of `core.timing.table.medians`.
        operation: `encode` or `decode`.
        start: Whether the process was fresh.
    """
    rows = pixel_costs(medians, operation=operation, start=start)
    figure = go.Figure()
    for codec in in_legend_order(list(rows["method"].unique())):
        figure.add_trace(_cost_line(rows[rows["method"] == codec]))
    sizes = rows[["megapixels", "width", "height"]].drop_duplicates().sort_values("megapixels")
    figure.update_xaxes(
        title="Size of the image",
        type="log",
        tickvals=sizes["megapixels"],
        ticktext=[f"{row.width:.0f}x{row.height:.0f}" for row in sizes.itertuples()],
    )
    figure.update_yaxes(
        title="Nanoseconds per pixel",
        type="log",
        tickvals=_NANOSECONDS,
        ticktext=[f"{tick:,g}" for tick in _NANOSECONDS],
        automargin=True,
    )
    figure.update_layout(
        height=560,
        margin=_MARGIN,
        legend=LEGEND_BELOW,
        hovermode="closest",
        uirevision="costs",
    )
    return figure


def pixel_costs(medians: pd.DataFrame, *, operation: str, start: Start) -> pd.DataFrame:
    """Cost of a pixel by codec and size with one core, from the smallest image to the largest."""
    rows = medians[
        (medians["operation"] == operation)
        & (medians["start"] == start)
        & (medians["threads"] == 1)
        & (medians["repeats"] > 0)
    ]
    pixels = rows["width"] * rows["height"]
    return rows.assign(
        megapixels=pixels / 1e6,
        nanoseconds_per_pixel=1e9 * rows["seconds"] / pixels,
    ).sort_values("megapixels", kind="stable")


def memory_figure(rows: pd.DataFrame) -> go.Figure:
    """Peak memory of a process that codes one image: opaque bars encode, pale ones decode.

    Args:
        rows: Rows of `coding_times` of fresh processes.
    """
    known = timed_only(rows[rows["peak_bytes"].notna()])
    figure = go.Figure()
    for operation, opacity in (("encode", 0.95), ("decode", 0.4)):
        figure.add_trace(_memory_bars(known[known["operation"] == operation], operation, opacity))
        # The bars have their codecs' colours; the legend explains the two opacities.
        gray = translucent("#7f8b90", opacity)
        entry = go.Bar(x=[None], y=[None], name=OPERATIONS[operation], marker={"color": gray})
        figure.add_trace(entry)
    names = list(dict.fromkeys(known["label"]))
    figure.update_xaxes(title="MiB, with Python and its libraries")
    _list_names(figure, names)
    figure.update_layout(
        height=110 + 30 * len(names),
        margin=_MARGIN,
        barmode="group",
        legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
        bargap=0.25,
        hovermode="closest",
        uirevision="memory",
    )
    return figure


def _memory_bars(rows: pd.DataFrame, operation: str, opacity: float) -> go.Bar:
    return go.Bar(
        x=rows["peak_bytes"] / _MEGA,
        y=rows["label"],
        orientation="h",
        name=OPERATIONS[operation],
        marker={
            "color": [translucent(codec_style(name).color, opacity) for name in rows["method"]]
        },
        customdata=(rows["peak_bytes"] - rows["baseline_bytes"]) / _MEGA,
        hovertemplate=(
            f"<b>%{{y}}</b>, {operation}<br>%{{x:,.0f}} MiB at most, "
            "%{customdata:,.0f} of them for this<extra></extra>"
        ),
        showlegend=False,
    )


def _name(row: object, threads: int) -> str:
    used = int(row.threads)  # type: ignore[attr-defined]
    label = str(row.label)  # type: ignore[attr-defined]
    return label if used == threads else f"{label} ({used} core)"


def _span(own: pd.DataFrame, name: str) -> go.Scatter:
    """Thin line that joins the two markers of each codec."""
    color = translucent(codec_style(str(own["method"].iloc[0])).color, 0.35)
    return go.Scatter(
        x=1000 * own["seconds"],
        y=[name] * len(own),
        mode="lines",
        line={"color": color, "width": 2},
        hoverinfo="skip",
        showlegend=False,
    )


def _mark(row: "pd.Series[float]", name: str) -> go.Scatter:
    color = codec_style(str(row["method"])).color
    middle, low, high = (1000 * row[column] for column in ("seconds", "seconds_q1", "seconds_q3"))
    is_encoding = str(row["operation"]) == "encode"
    marker = {"color": color, "size": 11, "symbol": "circle" if is_encoding else "circle-open"}
    return go.Scatter(
        x=[middle],
        y=[name],
        mode="markers",
        marker=marker | {"line": {"width": 2 if not is_encoding else 0}},
        error_x={
            "type": "data",
            "array": [high - middle],
            "arrayminus": [middle - low],
            "color": color,
            "thickness": 1.5,
            "width": 4,
        },
        hovertemplate=(
            f"<b>{name}</b> {row['setting']}, {row['operation']}<br>"
            f"median {middle:,.3g} ms, middle half {low:,.3g} to {high:,.3g} ms<br>"
            f"{row['pixels_per_second'] / 1e6:,.3g} megapixels per second, "
            f"{counted(int(row['repeats']), 'round')}<extra></extra>"
        ),
        showlegend=False,
    )


def _legend() -> Iterator[go.Scatter]:
    for operation, symbol in (("Encode", "circle"), ("Decode", "circle-open")):
        marker = {"symbol": symbol, "size": 11, "color": "#7f8b90", "line": {"width": 2}}
        yield go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=operation)


def _cost_line(rows: pd.DataFrame) -> go.Scatter:
    style = codec_style(str(rows["method"].iloc[0]))
    label = rows["label"].iloc[0]
    return go.Scatter(
        x=rows["megapixels"],
        y=rows["nanoseconds_per_pixel"],
        name=label,
        mode="lines+markers",
        line={"color": style.color, "dash": style.dash, "width": style.width},
        marker={"symbol": style.symbol, "size": 9, "color": style.color},
        hovertemplate=(
            f"<b>{label}</b><br>%{{x:.3g}} megapixels: %{{y:,.3g}} ns per pixel<extra></extra>"
        ),
    )


def _list_names(figure: go.Figure, names: list[str]) -> None:
    """Labels the vertical axis with the names, the first at the top."""
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=names,
        autorange="reversed",
        automargin=True,
        title=None,
    )
