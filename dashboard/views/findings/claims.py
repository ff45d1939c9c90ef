"""The claims of the thesis on the page, one card each, with the verdict on it."""

from collections.abc import Sequence

import streamlit as st

from core.analysis.claims import Claim, Margin, Outcome, Verdict, verdicts
from core.analysis.findings import MethodRow
from dashboard import glossary
from dashboard.widgets.links import link_to_page

COLORS = {
    Outcome.SUPPORTED: ("green", ":material/check_circle:"),
    Outcome.NOT_SUPPORTED: ("orange", ":material/cancel:"),
    Outcome.NOT_SUPPORTED_BY_EITHER: ("violet", ":material/rule:"),
    Outcome.NOT_MEASURED: ("gray", ":material/hourglass_empty:"),
}


def show_claims(rows: Sequence[MethodRow]) -> None:
    """The claims of the thesis, one card each."""
    st.subheader("The claims of the thesis, one by one")
    for column, verdict in zip(st.columns(3, gap="medium"), verdicts(rows), strict=True):
        with column, st.container(border=True, height="stretch"):
            show_claim(verdict)


def show_claim(verdict: Verdict) -> None:
    """One claim: verdict, margins, bytes and the way to the evidence."""
    color, icon = COLORS[verdict.outcome]
    st.badge(verdict.outcome.capitalize(), color=color, icon=icon, help=rule(verdict.claim))
    st.markdown(f"**{verdict.claim.statement}**")
    st.markdown(
        f"Published: {margin(verdict.published)}"
        + ("" if verdict.published_outcome is Outcome.SUPPORTED else published_doubt(verdict))
    )
    if verdict.measured:
        st.markdown(f"Measured: {margin(verdict.measured)}")
        st.markdown(weight(verdict))
    else:
        st.markdown(f"Needs results of {', '.join(f'`{name}`' for name in verdict.unmeasured)}.")
    chosen = [verdict.method.published.codec, verdict.reference.published.codec]
    link_to_page(
        "rate_distortion",
        "See the curves",
        icon=":material/show_chart:",
        query={"codecs": chosen},
    )


def rule(claim: Claim) -> str:
    """How a claim is judged, for the tooltip of its verdict."""
    return f"The claim {claim.rule}. {glossary.FLOAT_LATENT}"


def margin(values: Margin) -> str:
    """Differences in both metrics, signed."""
    return f"{values.psnr_db:+.2f} dB PSNR, {values.ssim:+.4f} SSIM"


def published_doubt(verdict: Verdict) -> str:
    """What the rule says of the thesis' own figures when they do not carry its claim."""
    return " :gray[(these figures do not meet the rule either)]"


def weight(verdict: Verdict) -> str:
    """At which bytes a claim holds or fails."""
    row, other = verdict.method, verdict.reference
    if row.bits_per_pixel is None or verdict.rate_ratio is None:
        return "Its latent was not coded to bytes yet, so it has no rate."
    return (
        f"**At {row.bits_per_pixel:.2f} bits per pixel** ({row.bytes:,.0f} bytes an image, "
        f"{row.weighed_setting}) against {other.bits_per_pixel:.2f} of {other.published.label}: "
        f"**{verdict.rate_ratio:.1f} times the bytes**."
    )
