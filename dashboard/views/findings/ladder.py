"""The ladder from the thesis' network to the learned codec, as a chart and a table."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analysis.claims import CLAIMS
from core.analysis.headlines import LEARNED
from core.analysis.labels import label_of
from core.analysis.ladder import (
    PSNR_DB,
    REFERENCE,
    STEP_CODECS,
    TITLE,
    Ladder,
    Rung,
    Step,
    ladder_sentence,
)
from core.analysis.stored_ladder import ladder_key, load_ladder
from core.evaluation.results import result_key
from core.plain_english import counted
from core.store import ArtifactError, MissingArtifact
from dashboard import formats, glossary
from dashboard.charts.colors import codec_style
from dashboard.charts.line_names import name_lines
from dashboard.charts.log_axis import log_ticks_of
from dashboard.data.store import DATASET, open_store, store_state
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.links import link_to_page
from dashboard.widgets.states import show_artifact_error, show_empty

COMMAND = "python -m pipelines.ladder"
#: Codecs of the rungs that are meant to have the same budget.
_SAME_BUDGET = frozenset({"ae20_rd", *STEP_CODECS})


#: What a step's images and minutes count.
_WHOLE = "Of the whole training, epochs that were undone or cut short included."


def show_ladder() -> None:
    """What each step brings: sentence, chart, table, and the rungs that are not there."""
    st.subheader(TITLE, help=glossary.BD_RATE)
    try:
        found = _ladder(store_state(f"{ladder_key(DATASET)}") + store_state("models/"))
    except MissingArtifact as error:
        st.markdown(f"Not measured yet. {error.advice}: `{error.command}`")
        return
    except ArtifactError as error:
        show_artifact_error(error)
        return
    if found.steps:
        st.markdown(ladder_sentence(found))
        st.markdown(f"The thesis concluded: {CLAIMS[-1].statement} It did not count bytes.")
        alt = f"Bits per pixel at {PSNR_DB:g} dB, one mark per step."
        show_chart(ladder_figure(found), key="ladder", name="bottleneck-ladder", alt=alt)
        _show_table(found.steps)
        _show_curves(found.steps)
    show_missing(found.missing)


def ladder_figure(found: Ladder) -> go.Figure:
    """Bits per pixel of each rung at equal PSNR, the lowest rung on top."""
    figure = go.Figure(
        go.Scatter(
            x=[step.bits_per_pixel for step in found.steps],
            y=[step.label for step in found.steps],
            text=[_mark(step) for step in found.steps],
            mode="markers+text",
            textposition=[
                "middle right" if step.reaches else "middle left" for step in found.steps
            ],
            marker={
                "size": 13,
                "color": codec_style("bottleneck").color,
                "symbol": ["circle" if step.reaches else "circle-open" for step in found.steps],
            },
            hovertemplate="<b>%{y}</b><br>%{x:.3f} bits per pixel<extra></extra>",
            cliponaxis=False,
        )
    )
    name_lines(figure, (step.label for step in found.steps))
    if found.reference_bits_per_pixel is not None:
        _draw_reference(figure, found.reference_bits_per_pixel)
    ticks = log_ticks_of(step.bits_per_pixel for step in found.steps)
    figure.update_xaxes(type="log", title=f"Bits per pixel at {PSNR_DB:g} dB", **ticks)
    figure.update_yaxes(range=[len(found.steps) - 0.5, -0.7])
    figure.update_layout(height=400, margin={"l": 8, "r": 48, "t": 24, "b": 8}, showlegend=False)
    return figure


def _draw_reference(figure: go.Figure, bits_per_pixel: float) -> None:
    figure.add_vline(bits_per_pixel, line={"color": codec_style("jpeg").color, "dash": "dot"})
    # An annotation on a logarithmic axis is placed by the logarithm.
    place = {"x": math.log10(bits_per_pixel), "y": 1.0, "yref": "paper", "yanchor": "bottom"}
    figure.add_annotation(text="JPEG", showarrow=False, **place)


def _mark(step: Step) -> str:
    ending = "" if step.reaches else f" at {step.psnr_db:.1f} dB, its {step.extreme}"
    return f" {step.bits_per_pixel:.2f}{ending}"


def show_missing(missing: Sequence[Rung]) -> None:
    """The rungs that are not measured, with the commands that make them."""
    if not missing:
        return
    untrained = [rung for rung in missing if not open_store().exists(f"models/{rung.codec}")]
    show_empty(
        f"Not measured yet: {'; '.join(rung.label for rung in missing)}",
        why="Train what is missing and measure it:" if untrained else "Measure it:",
        command="\n".join([*(rung.command for rung in untrained), COMMAND]),
    )


def _show_curves(steps: Sequence[Step]) -> None:
    """Link to the rungs' curves on the test images, or the command that measures them."""
    store = open_store()
    missing = [step.codec for step in steps if not store.exists(result_key(DATASET, step.codec))]
    if missing:
        st.caption(f"Curves on the test images: `python -m pipelines.evaluate {' '.join(missing)}`")
        return
    codecs = [label_of(name) for name in (REFERENCE, *(step.codec for step in steps))]
    link_to_page(
        "rate_distortion",
        "The steps' curves on the test images",
        icon=":material/show_chart:",
        query={"codecs": codecs},
    )


def _show_table(steps: Sequence[Step]) -> None:
    table = pd.DataFrame(steps, columns=Step._fields)
    table.insert(0, "label", [step.label for step in steps])
    table["note"] = [step.notes for step in steps]
    percent: dict[str, Any] = {"format": formats.SIGNED_PERCENT}
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "label": st.column_config.TextColumn("Step", width=260),
        "bits_per_pixel": number("bpp", format=formats.BITS_PER_PIXEL),
        "psnr_db": number("at PSNR", format="%.1f"),
        "percent": number("BD-rate, step below", help=glossary.BD_RATE, **percent),
        "low_percent": number("95 % interval", help=glossary.INTERVAL, **percent),
        "high_percent": number("to", help=glossary.INTERVAL, **percent),
        "reference_percent": number("BD-rate, JPEG", help=glossary.BD_RATE, **percent),
        "trained_images": number("Images seen", format="localized", help=_WHOLE),
        "trained_minutes": number("Minutes", format="%.0f", help=_WHOLE),
        "note": st.column_config.TextColumn("Note", help="On the BD-rates.", width=230),
    }
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_order=list(columns),
        column_config=columns,
        placeholder="",
    )
    images = counted(steps[0].images, "validation image")
    st.caption(f"Whole files of {images}, spread evenly over the split. {budget_sentence(steps)}")
    download_csv(table, file_name="bottleneck-ladder.csv", key="csv-ladder")


def budget_sentence(steps: Sequence[Step]) -> str:
    """Whether the steps between the published models were trained on equally many images."""
    between = [step.trained_images for step in steps if step.codec in _SAME_BUDGET]
    if len(between) < 2 or any(map(math.isnan, between)):
        return ""
    if len(set(between)) > 1:
        return "The steps were trained on different numbers of images: the table has them."
    sentence = (
        "The steps between the thesis' network and BNK as published were trained on equally many "
        "images"
    )
    last = steps[-1]
    if last.codec != LEARNED:
        return f"{sentence}."
    longer = " with a longer training" if last.trained_images > between[0] else ""
    return f"{sentence}; the last is a larger network{longer}."


@st.cache_resource(max_entries=2, show_spinner=False)
def _ladder(state: str) -> Ladder:
    return load_ladder(open_store(), DATASET)
