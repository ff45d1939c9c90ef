"""The claims of the thesis, one card with the outcome for each."""

from collections.abc import Mapping
from typing import Literal

import streamlit as st

from core.analysis.claims import Outcome, Verdict
from core.analysis.equal_quality import equal_quality
from core.analysis.labels import label_of
from core.evaluation.measurements import Curve
from dashboard import glossary
from dashboard.views.findings.findings_cache import Findings
from dashboard.widgets.links import link_to_page

COLORS: dict[Outcome, tuple[Literal["green", "orange", "violet", "gray"], str]] = {
    Outcome.SUPPORTED: ("green", ":material/check_circle:"),
    Outcome.NOT_SUPPORTED: ("orange", ":material/cancel:"),
    Outcome.NOT_SUPPORTED_BY_EITHER: ("violet", ":material/rule:"),
    Outcome.TOO_CLOSE: ("gray", ":material/balance:"),
    Outcome.NOT_MEASURED: ("gray", ":material/hourglass_empty:"),
}
PUBLISHED_DOUBT = " (these figures do not meet the rule)"
REMARKS = {
    Outcome.NOT_SUPPORTED_BY_EITHER: " (ours agree with the thesis' figures)",
    Outcome.TOO_CLOSE: " (the rule's limit lies in this 95 % interval over the images)",
}


def show_claims(findings: Findings) -> None:
    """The claims of the thesis, one card each."""
    st.subheader("The claims of the thesis, one by one")
    for column, verdict in zip(st.columns(3, gap="medium"), findings.verdicts, strict=True):
        with column, st.container(border=True, height="stretch"):
            show_claim(verdict, findings.curves)


def show_claim(verdict: Verdict, curves: Mapping[str, Curve]) -> None:
    """One claim: verdict, rule, margins, bytes and the way to the evidence."""
    color, icon = COLORS[verdict.outcome]
    st.badge(verdict.outcome.capitalize(), color=color, icon=icon)
    st.markdown(f"**{verdict.claim.statement}**")
    st.markdown(f"Rule: {verdict.claim.rule}.", help=glossary.FLOAT_LATENT)
    st.markdown(
        f"Published: {verdict.published.words()}"
        + ("" if verdict.published_outcome is Outcome.SUPPORTED else PUBLISHED_DOUBT)
    )
    if verdict.measured:
        measured = verdict.measured.words(verdict.half_width)
        st.markdown(f"Measured: {measured}{REMARKS.get(verdict.outcome, '')}")
        st.markdown(weight(verdict, curves))
    else:
        st.markdown(f"Needs results of {', '.join(f'`{name}`' for name in verdict.unmeasured)}.")
    link_to_page(
        "rate_distortion",
        "See the curves",
        icon=":material/show_chart:",
        query={"codecs": curve_labels(verdict)},
    )


def curve_labels(verdict: Verdict) -> list[str]:
    """Labels of the codecs that a claim compares, as the page of the curves names them."""
    chosen = [verdict.method.published.codec, *verdict.claim_codecs]
    return [label_of(codec) for codec in dict.fromkeys(chosen)]


def weight(verdict: Verdict, curves: Mapping[str, Curve]) -> str:
    """Ratio of bytes to the reference at equal PSNR, at which a claim holds or fails."""
    row, codec = verdict.method, verdict.reference.published.codec
    if row.bytes is None or row.coded_psnr_db is None:
        return "Its latent has not been coded to bytes yet, so it has no rate."
    sizes = f"{row.bytes:,.0f} bytes an image ({row.coded_psnr_db:.2f} dB from the file)"
    found = equal_quality(row, curves.get(codec))
    if found is None:
        return f"**{sizes}**; no {label_of(codec)} measured here has that PSNR."
    return (
        f"**{found.ratio:.1f} times the bytes** of {label_of(codec)} at the same PSNR: {sizes} "
        f"instead of {row.bytes / found.ratio:,.0f}."
    )
