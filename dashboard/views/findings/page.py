"""What the measurements say of the thesis: sentences, claims judged, ten methods weighed."""

import math
from collections.abc import Collection, Sequence

import pandas as pd
import streamlit as st

from core.analysis.findings import QUANTISATION_LOSS_DB, MethodRow, methods_table
from dashboard import glossary
from dashboard.data.store import DATASET, load_manifest, load_results
from dashboard.views.findings.claims import show_claims
from dashboard.views.findings.findings_cache import Findings, load_bd_rates, load_findings
from dashboard.views.findings.report_download import show_report_downloads
from dashboard.views.findings.sources import show_sources
from dashboard.widgets.charts import CONFIG
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.links import link_to_page
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Findings"
ICON = ":material/lab_research:"
GROUP = "Results"
ORDER = 1

INTRODUCTION = (
    "A thesis compared three autoencoders with JPEG, WebP and TIFF on small photographs by the "
    "quality of the image alone. This page adds what was left open: **at how many bytes?**"
)
GUIDE = """
- **Every number is measured** on the test images named below; nothing on this page is typed in
  except the thesis' own figures, which are marked as published.
- **Further left is smaller, further up is better.** A ring marks a method of the thesis.
- **An autoencoder has two figures**: the thesis' own, from a latent of floating-point numbers that
  is no file, and that of the file which the latent becomes here.
- Terms with a question mark explain themselves. Every table and figure has its numbers as CSV.
"""
COMMAND = "python -m pipelines.evaluate"
WHY_EMPTY = (
    "The findings are computed from measurements of every codec on the test images. Until there "
    "are some, the published figures stand alone."
)


def show_chart(findings: Findings) -> None:
    """The headline figure."""
    st.subheader("Quality against bytes", help=f"{glossary.BITS_PER_PIXEL}\n\n{glossary.PSNR}")
    if not findings.tables:
        st.info("No codec has a rate-distortion curve yet.")
        return
    alt = "Mean PSNR against bits per pixel: one curve per codec, a ring per method of the thesis."
    st.plotly_chart(findings.headline, key="headline", config=CONFIG, alt=alt)
    st.caption(
        f"Means over {findings.images:,} test images of 160x160; the rate is the whole file."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        download_csv(
            findings.means,
            file_name="bottleneck-means.csv",
            key="csv-means",
            label="Means as CSV",
        )
        link_to_page(
            "rate_distortion",
            "All codecs, all metrics, single images",
            icon=":material/show_chart:",
        )


def show_methods(findings: Findings) -> None:
    """The ten methods: published and measured, and what they weigh."""
    rows = findings.rows
    st.subheader("The ten methods", help=glossary.FLOAT_LATENT)
    table = methods_table(rows)
    columns = method_columns()
    if all(row.is_measured for row in rows):
        columns.pop("state")
    st.dataframe(
        table.assign(
            published_psnr_db=table["published_psnr_db"].map(decibels),
            psnr_db=table["psnr_db"].map(decibels),
            coded_psnr_db=table["coded_psnr_db"].map(decibels),
            state=[state_of(row) for row in rows],
        ),
        hide_index=True,
        height="content",
        column_order=list(columns),
        column_config=columns,
        placeholder="",
    )
    show_missing_methods(rows)
    st.caption(
        "An autoencoder's PSNR and SSIM are those of its floating-point latent, as in the thesis. "
        "Its bytes and the PSNR of its file are those of the coarsest quantisation that costs at "
        f"most {QUANTISATION_LOSS_DB:g} dB. The thesis saved its originals as JPEG again before it "
        "measured, so its images were softer than these; that moves the levels of all lossy "
        "methods, and differences between methods carry over."
    )
    download_csv(table, file_name="bottleneck-ten-methods.csv", key="csv-methods")
    alt = "Published and measured mean PSNR of the nine lossy methods."
    st.plotly_chart(findings.published, key="published", config=CONFIG, alt=alt)


def decibels(value: float) -> str | None:
    """A PSNR as the table shows it; None where there is none."""
    if pd.isna(value):
        return None
    return "∞" if math.isinf(value) else f"{value:.2f}"


def state_of(row: MethodRow) -> str | None:
    """Why a row has no figures of ours; None where it has."""
    if row.is_measured:
        return None
    return "not trained yet" if row.published.is_autoencoder else "not measured yet"


def show_missing_methods(rows: Sequence[MethodRow]) -> None:
    """The command that fills each row that is not measured yet."""
    missing = {row.published.codec: row for row in rows if not row.is_measured}
    if not missing:
        return
    names = [row.published.label for row in missing.values()]
    learned = [codec for codec, row in missing.items() if row.published.is_autoencoder]
    steps = [f"python -m pipelines.train {codec}" for codec in learned]
    show_empty(
        f"{'Not trained yet' if learned else 'Not measured yet'}: {'; '.join(names)}",
        why="Make what is missing and measure it:",
        command="\n".join([*steps, f"{COMMAND} {' '.join(missing)}"]),
    )


def method_columns() -> dict[str, object]:
    """How the table of the methods shows its columns, in their order."""
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    narrow, wide = {"width": 80, "alignment": "right"}, {"width": 205}
    file = "Of the file, where that is not the figure to its left. " + glossary.FLOAT_LATENT
    return {
        "label": text("Method", pinned=True, **wide),
        "state": text("State", width=112),
        "published_psnr_db": text("PSNR thesis", help=f"dB. {glossary.PSNR}", **narrow),
        "psnr_db": text("PSNR here", help=f"dB. {glossary.PSNR}", **narrow),
        "psnr_difference_db": number("Δ PSNR", format="%+.2f", help="Here minus thesis.", **narrow),
        "published_ssim": number("SSIM thesis", format="%.4f", help=glossary.SSIM, **narrow),
        "ssim": number("SSIM here", format="%.4f", help=glossary.SSIM, **narrow),
        "ssim_difference": number("Δ SSIM", format="%+.4f", help="Here minus thesis.", **narrow),
        "bytes": number("Bytes", format="%.0f", help="Mean size of the whole file.", **narrow),
        "bits_per_pixel": number("bpp", format="%.2f", help=glossary.BITS_PER_PIXEL, **narrow),
        "coded_psnr_db": text("PSNR of file", help=file, **narrow),
        "weighed_setting": text("Setting of file"),
    }


def show_bd_rates(codecs: Collection[str]) -> None:
    """BD-rates against JPEG, of the codecs that have a curve."""
    if len(codecs) < 2 or "jpeg" not in codecs:
        return
    st.subheader("Bytes at equal quality, against JPEG", help=glossary.BD_RATE)
    table = load_bd_rates()
    percent = {"format": "%+.1f %%"}
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_order=[
            "label",
            "bd_rate_percent",
            "low_percent",
            "high_percent",
            "images",
            "note",
        ],
        column_config={
            "label": "Codec",
            "bd_rate_percent": number("BD-rate (PSNR)", help=glossary.BD_RATE, **percent),
            "low_percent": number("from", help=glossary.INTERVAL, **percent),
            "high_percent": number("to", help=glossary.INTERVAL, **percent),
            "images": number("Images", format="localized"),
            "note": "Note",
        },
        placeholder="",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        download_csv(table, file_name="bottleneck-bd-rate-jpeg.csv", key="csv-bd")
        link_to_page("rate_distortion", "Other anchors and metrics", icon=":material/show_chart:")


def main() -> None:
    """The page."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    with st.expander("How to read this page", icon=":material/menu_book:"):
        st.markdown(GUIDE)
    results = load_results()
    show_problems(results.problems)
    findings = load_findings()
    if results.frame.empty:
        show_empty("No results yet", why=WHY_EMPTY, command=COMMAND)
    else:
        for sentence in findings.sentences:
            st.markdown(f":material/trending_flat: {sentence}")
        show_report_downloads(DATASET)
        show_chart(findings)
    show_claims(findings.rows)
    show_methods(findings)
    show_bd_rates(findings.tables)
    if results.manifests:
        show_sources(results, load_manifest(f"datasets/{DATASET}"))


main()
