"""The ten methods of the thesis, and bytes at equal quality, as tables."""

import math
from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analysis.findings import QUANTISATION_LOSS_DB, MethodRow, methods_table
from dashboard import formats, glossary
from dashboard.data.store import open_store
from dashboard.views.findings.findings_cache import load_bd_rates
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.links import link_to_page
from dashboard.widgets.states import show_empty

COMMAND = "python -m pipelines.evaluate"


def show_methods(rows: Sequence[MethodRow], published: go.Figure) -> None:
    """The ten methods: published and measured, and their bytes."""
    st.subheader("The ten methods of the thesis", help=glossary.FLOAT_LATENT)
    table = methods_table(rows)
    columns = method_columns()
    if all(row.is_measured for row in rows):
        columns.pop("state")
    st.dataframe(
        table.assign(
            published_psnr_db=table["published_psnr_db"].map(decibels),
            psnr_db=table["psnr_db"].map(decibels),
            coded_psnr_db=table["coded_psnr_db"].map(decibels),
            bytes=table["bytes"].astype("float64").round(),
            state=pd.Series([state_of(row) for row in rows], dtype="object"),
        ),
        hide_index=True,
        height="content",
        column_order=list(columns),
        column_config=columns,
        placeholder="",
    )
    show_missing_methods(rows)
    st.caption(
        "**PSNR here** of an autoencoder is that of its floating-point latent, as in the thesis; "
        "**PSNR of file** is what remains after quantisation, at the coarsest setting that costs "
        f"at most {QUANTISATION_LOSS_DB:g} dB, and bytes belong to that file. The thesis saved its "
        "originals as JPEG again before it measured, so its images were softer than these; that "
        f"moves the levels of all lossy methods{moved(rows)}. The autoencoders here are networks "
        "trained anew, which their differences hold as well."
    )
    download_csv(table, file_name="bottleneck-ten-methods.csv", key="csv-methods")
    alt = "Published and measured mean PSNR of the nine lossy methods."
    show_chart(published, key="published", name="bottleneck-published-and-measured", alt=alt)


def moved(rows: Sequence[MethodRow]) -> str:
    """By how much the formats moved against the thesis, to stand behind that all methods did."""
    formats_only = [row for row in rows if not row.published.is_autoencoder]
    found = [row.psnr_difference_db for row in formats_only]
    known = [difference for difference in found if difference is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    return (
        f", those of the formats by {low:+.2f} to {high:+.2f} dB: differences between two formats "
        f"change by up to {high - low:.2f} dB"
    ).replace("-", "\N{MINUS SIGN}")


def decibels(value: float) -> str | None:
    """A PSNR as the table shows it; None where there is none."""
    if pd.isna(value):
        return None
    return "∞" if math.isinf(value) else f"{value:.2f}"


def state_of(row: MethodRow) -> str | None:
    """Reason why a row has no measurement; None if it has one."""
    if row.is_measured:
        return None
    return "not trained yet" if is_untrained(row) else "not measured yet"


def is_untrained(row: MethodRow) -> bool:
    """Whether a method needs a model that is not there."""
    return row.published.is_autoencoder and not open_store().exists(f"models/{row.published.codec}")


def show_missing_methods(rows: Sequence[MethodRow]) -> None:
    """The command that fills each row that is not measured yet."""
    missing = {row.published.codec: row for row in rows if not row.is_measured}
    if not missing:
        return
    names = [row.published.label for row in missing.values()]
    untrained = [codec for codec, row in missing.items() if is_untrained(row)]
    steps = [f"python -m pipelines.train {codec}" for codec in untrained]
    show_empty(
        f"Not measured yet: {'; '.join(names)}",
        why="Train what is missing and measure it:" if untrained else "Measure it:",
        command="\n".join([*steps, f"{COMMAND} {' '.join(missing)}"]),
    )


def method_columns() -> dict[str, Any]:
    """How the table of the methods shows its columns, in their order."""
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    narrow: dict[str, Any] = {"width": 80, "alignment": "right"}
    file = "Of the file, where that is not the figure to its left. " + glossary.FLOAT_LATENT
    ssim_format, signed = formats.SSIM, formats.SSIM.replace("%", "%+")
    return {
        "label": text("Method", pinned=True, width=205),
        "state": text("State", width=112),
        "published_psnr_db": text("PSNR thesis", help=f"dB. {glossary.PSNR}", **narrow),
        "psnr_db": text("PSNR here", help=f"dB. {glossary.PSNR}", **narrow),
        "psnr_difference_db": number("Δ PSNR", format="%+.2f", help="Here minus thesis.", **narrow),
        "published_ssim": number("SSIM thesis", format=ssim_format, help=glossary.SSIM, **narrow),
        "ssim": number("SSIM here", format=ssim_format, help=glossary.SSIM, **narrow),
        "ssim_difference": number("Δ SSIM", format=signed, help="Here minus thesis.", **narrow),
        "bytes": number(
            "Bytes", format=formats.BYTES, help="Mean size of the whole file.", **narrow
        ),
        "bits_per_pixel": number(
            "bpp", format=formats.BITS_PER_PIXEL, help=glossary.BITS_PER_PIXEL, **narrow
        ),
        "coded_psnr_db": text("PSNR of file", help=file, **narrow),
        "weighed_setting": text("Setting of file"),
    }


def show_bd_rates(codecs: Collection[str]) -> None:
    """BD-rates against JPEG, of the codecs that have a curve."""
    if len(codecs) < 2 or "jpeg" not in codecs:
        return
    st.subheader("Bytes at equal quality, against JPEG", help=glossary.BD_RATE)
    table = load_bd_rates()
    percent: dict[str, Any] = {"format": formats.SIGNED_PERCENT}
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "label": "Codec",
        "bd_rate_percent": number("BD-rate (PSNR)", help=glossary.BD_RATE, **percent),
        "low_percent": number("95 % interval", help=glossary.INTERVAL, **percent),
        "high_percent": number("to", help=glossary.INTERVAL, **percent),
        "images": number("Images", format=formats.BYTES),
    }
    if table["note"].ne("").any():
        columns["note"] = "Note"
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_order=list(columns),
        column_config=columns,
        placeholder="",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        download_csv(table, file_name="bottleneck-bd-rate-jpeg.csv", key="csv-bd")
        link_to_page(
            "rate_distortion",
            "Against other codecs, by other metrics",
            icon=":material/show_chart:",
        )
