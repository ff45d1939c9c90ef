"""Main results: key figures, curves, comparison of two methods, images, claims of the thesis."""

from functools import partial

import streamlit as st

from core.evaluation.results import Results
from core.plain_english import counted
from dashboard import glossary
from dashboard.data.store import DATASET, load_manifest, load_results
from dashboard.views.findings.ask import show_question
from dashboard.views.findings.claims import show_claims
from dashboard.views.findings.findings_cache import Findings, load_findings
from dashboard.views.findings.ladder import show_ladder
from dashboard.views.findings.methods import COMMAND, show_bd_rates, show_methods
from dashboard.views.findings.sources import show_sources
from dashboard.views.findings.strips import HELP as STRIPS_HELP
from dashboard.views.findings.strips import show_strips
from dashboard.widgets.charts import show_chart
from dashboard.widgets.deferred import draw_when_reached
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.links import link_to_page
from dashboard.widgets.report_download import show_report_downloads
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Findings"
ICON = ":material/lab_research:"
GROUP = "Results"
ORDER = 1

INTRODUCTION = (
    "A thesis compared three autoencoders with JPEG, WebP and TIFF by the quality of the image "
    "alone. **At how many bytes?** Numbers are of the test images unless others are named."
)
GUIDE = """
- **Every number is measured**, on the test images unless others are named: the steps from the
  thesis to BNK are compared on validation images. Only the thesis' own figures are quoted, and
  marked as published.
- **Further left is smaller, further up is better.** A ring marks a method of the thesis.
- **An autoencoder has two results**: that of the thesis, from a floating-point latent without a
  file, and that of the file to which the latent is coded here.
- A question mark beside a term explains it. Every table can be saved as CSV, and every chart as PNG
  with the camera in its tool bar.
"""
WHY_EMPTY = (
    "The findings are computed from measurements of every codec on the test images. Without them "
    "only the published figures are shown."
)


def main() -> None:
    """The page; what is below the first screen is drawn when it is reached."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    results = load_results()
    show_problems(results.problems)
    findings = load_findings()
    if results.frame.empty:
        show_empty("No results yet", why=WHY_EMPTY, command=COMMAND)
    else:
        show_figures(findings)
        show_headline_chart(findings)
    show_question(findings.names)
    show_below(results, findings)


def show_below(results: Results, findings: Findings) -> None:
    """Images, claims and tables, each drawn when it is reached."""
    if not results.frame.empty:
        draw_when_reached(
            partial(show_images, findings), key="findings-images", title="Images", height=620
        )
    draw_when_reached(
        partial(show_claims, findings), key="findings-claims", title="Claims", height=480
    )
    if not results.frame.empty:
        draw_when_reached(
            show_ladder, key="findings-ladder", title="From the thesis to BNK", height=600
        )
    draw_when_reached(
        partial(show_methods, findings.rows, findings.published),
        key="findings-methods",
        title="The ten methods of the thesis",
        height=1000,
    )
    if not results.frame.empty:
        draw_when_reached(
            partial(show_bd_rates, findings.tables),
            key="findings-bd-rates",
            title="Bytes at equal quality",
            height=800,
        )
    if results.manifests:
        show_sources(results, load_manifest(f"datasets/{DATASET}"))


def show_images(findings: Findings) -> None:
    """Images by the methods of the thesis and BNK."""
    st.subheader("What it looks like", help=STRIPS_HELP)
    show_strips(findings.rows, findings.means)


def show_figures(findings: Findings) -> None:
    """The headline figures."""
    columns = st.columns(max(1, len(findings.figures)), gap="small")
    for column, one in zip(columns, findings.figures, strict=False):
        with column, st.container(border=True, height="stretch", gap="xsmall"):
            st.metric(one.title, one.figure)
            st.markdown(one.line)


def show_headline_chart(findings: Findings) -> None:
    """The headline figure, and everything that was found as sentences and files."""
    if not findings.tables:
        st.info("No codec has a rate-distortion curve yet.")
        return
    alt = "Mean PSNR against bits per pixel: one curve per codec, a ring per method of the thesis."
    show_chart(findings.headline, key="headline", name="bottleneck-quality-and-bytes", alt=alt)
    st.caption(
        f"Means over {counted(findings.images, 'test image')} of 160x160; the rate is the whole "
        "file, headers included.",
        help=f"{glossary.BITS_PER_PIXEL}\n\n{glossary.PSNR}",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        link_to_page("rate_distortion", "All codecs, all metrics", icon=":material/show_chart:")
        download_csv(
            findings.means,
            file_name="bottleneck-means.csv",
            key="csv-means",
            label="Means as CSV",
        )
        show_report_downloads(DATASET)
    left, right = st.columns(2, gap="medium")
    with left, st.expander("All findings in sentences", icon=":material/format_list_bulleted:"):
        for sentence in findings.sentences:
            st.markdown(f"- {sentence}")
    with right, st.expander("How to read this page", icon=":material/menu_book:"):
        st.markdown(GUIDE)


main()
