"""The three headline figures, each with one sentence, computed from the measurements."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from core.analysis.claims import Outcome, Verdict
from core.analysis.equal_quality import equal_quality
from core.analysis.findings import MethodRow
from core.analysis.headlines import LEARNED
from core.evaluation.measurements import Curve

_REFERENCE = "jpeg"
_OTHERS = ("webp", "jpeg_xl", "avif_444", "avif_slow")


class HeadlineFigure(NamedTuple):
    """One figure of the first screen.

    Attributes:
        title: Short name of the quantity.
        figure: The figure, formatted for display.
        line: Explanation in one sentence of Markdown.
    """

    title: str
    figure: str
    line: str


def headline_figures(
    curves: Mapping[str, Curve],
    rows: Sequence[MethodRow],
    *,
    judged: Sequence[Verdict],
    learned: Mapping[str, float],
    rate_trained: Mapping[str, float],
    labels: Mapping[str, str],
) -> list[HeadlineFigure]:
    """At most three figures; only those whose measurements exist.

    Args:
        curves: PSNR curve by codec.
        rows: The ten methods of the thesis, as `core.analysis.findings.method_rows` gives them.
        judged: The claims of the thesis, as `core.analysis.claims.verdicts` gives them.
        learned: BD-rate of the learned codec in percent against each other codec that has one, as
            `core.analysis.bd_tables.bd_rates_of` gives them.
        rate_trained: As `core.analysis.headlines.headlines` takes it.
        labels: Display label by codec.
    """
    return [*_learned(learned, labels), *_autoencoder(curves, rows, rate_trained), *_claims(judged)]


def _learned(deltas: Mapping[str, float], labels: Mapping[str, str]) -> Iterator[HeadlineFigure]:
    """Bytes of the learned codec at equal PSNR, against JPEG and then the others."""
    first = deltas.get(_REFERENCE)
    if first is None:
        return
    others = [
        f"{_change(deltas[name])} than {labels.get(name, name)}"
        for name in _OTHERS
        if name in deltas
    ]
    rest = f"; {', '.join(others)}" if others else ""
    yield HeadlineFigure(
        f"{labels.get(LEARNED, LEARNED)} against {labels.get(_REFERENCE, _REFERENCE)}",
        f"{first:+.0f} %".replace("-", "\u2212"),
        f"Our learned codec ({labels.get(LEARNED, LEARNED)}) needs {_change(first)} bytes than "
        f"{labels.get(_REFERENCE, _REFERENCE)} at equal PSNR{rest} (BD-rate).",
    )


def _autoencoder(
    curves: Mapping[str, Curve], rows: Sequence[MethodRow], rate_trained: Mapping[str, float]
) -> Iterator[HeadlineFigure]:
    """Bytes of the first autoencoder whose PSNR JPEG reaches too, and after training for rate."""
    best = min(rate_trained.values(), default=None)
    trained = (
        ""
        if best is None
        else f" Trained for rate, a topology of the thesis gets to {_change(best)} bytes than JPEG."
    )
    reference = curves.get(_REFERENCE)
    for row in (row for row in rows if row.published.is_autoencoder):
        found = equal_quality(row, reference)
        if found is not None and row.bytes is not None:
            yield HeadlineFigure(
                row.published.label,
                f"{found.ratio:.1f} \u00d7",
                f"the bytes of JPEG at the same {row.coded_psnr_db:.2f} dB, once its latent is "
                f"quantised and coded: {row.bytes:,.0f} bytes an image instead of "
                f"{row.bytes / found.ratio:,.0f}.{trained}",
            )
            return


def _claims(verdicts: Sequence[Verdict]) -> Iterator[HeadlineFigure]:
    """How many claims of the thesis the measurements support."""
    found = [one.outcome for one in verdicts if one.outcome is not Outcome.NOT_MEASURED]
    if not found:
        return
    more = ""
    if found.count(Outcome.NOT_SUPPORTED_BY_EITHER) == 1:
        more += " 1 fails by the thesis' own figures too."
    if open_ones := found.count(Outcome.TOO_CLOSE):
        more += f" {open_ones} {'is' if open_ones == 1 else 'are'} too close to call."
    yield HeadlineFigure(
        "Claims of the thesis",
        f"{found.count(Outcome.SUPPORTED)} of {len(found)}",
        f"hold by PSNR and SSIM alone, without a word on bytes.{more}",
    )


def _change(percent: float) -> str:
    return f"{abs(percent):.0f} % {'fewer' if percent < 0 else 'more'}"
