"""The three headline figures, each with one sentence, computed from the measurements."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from core.analysis.claims import Outcome, verdicts
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
    learned: Mapping[str, float],
    rate_trained: Mapping[str, float],
    labels: Mapping[str, str],
) -> list[HeadlineFigure]:
    """At most three figures; only those whose measurements exist.

    Args:
        curves: PSNR curve by codec.
        rows: The ten methods of the thesis, as `core.analysis.findings.method_rows` gives them.
        learned: BD-rate of the learned codec in percent against each other codec that has one, as
            `core.analysis.bd_tables.bd_rates_of` gives them.
        rate_trained: As `core.analysis.headlines.headlines` takes it.
        labels: Display label by codec.
    """
    return [*_learned(learned, labels), *_autoencoder(curves, rows, rate_trained), *_claims(rows)]


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


def _claims(rows: Sequence[MethodRow]) -> Iterator[HeadlineFigure]:
    """How many claims of the thesis the measurements support."""
    judged = [one for one in verdicts(rows) if one.outcome is not Outcome.NOT_MEASURED]
    if not judged:
        return
    held = sum(one.outcome is Outcome.SUPPORTED for one in judged)
    doubted = sum(one.outcome is Outcome.NOT_SUPPORTED_BY_EITHER for one in judged)
    more = f" {doubted} fails by the thesis' own figures too." if doubted == 1 else ""
    yield HeadlineFigure(
        "Claims of the thesis",
        f"{held} of {len(judged)}",
        f"hold by PSNR and SSIM alone, without a word on bytes.{more}",
    )


def _change(percent: float) -> str:
    return f"{abs(percent):.0f} % {'fewer' if percent < 0 else 'more'}"
