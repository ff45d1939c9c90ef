"""The claims of the thesis, checked against its published figures and our measurements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from core.analysis.findings import MethodRow
from core.analysis.published import THESIS

#: "At the level of" is read as: at most this far below.
LEVEL_PSNR_DB = 0.5
LEVEL_SSIM = 0.01


class Outcome(StrEnum):
    """Result of checking a claim.

    A claim that the thesis' own figures contradict too is a third case: the measurements then agree
    with the thesis' figures, and not with its claim.
    """

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    NOT_SUPPORTED_BY_EITHER = "not supported by the thesis' own figures"
    NOT_MEASURED = "not measured yet"


@dataclass(frozen=True)
class Claim:
    """A claim of the thesis: a method at, or below, the level of others.

    Attributes:
        name: Short name, unique.
        statement: The claim in one sentence.
        rule: The criterion used here, in one sentence.
        method: Method that the claim is about.
        references: Methods that it is compared with.
        below: Whether the claim is that the method falls below all of them.
    """

    name: str
    statement: str
    rule: str
    method: str
    references: tuple[str, ...]
    below: bool = False


_LEVEL_RULE = (
    f"holds when the mean PSNR lies at most {LEVEL_PSNR_DB:g} dB and the mean SSIM at most "
    f"{LEVEL_SSIM:g} below {{reference}}'s on the same images"
)

CLAIMS = (
    Claim(
        "one-layer",
        "One layer (80x80 bottleneck) reaches the level of JPEG at quality 75.",
        _LEVEL_RULE.format(reference="JPEG 75"),
        "ae-1-layer",
        ("jpeg-75",),
    ),
    Claim(
        "two-layers",
        "Two layers (40x40 bottleneck) reach the level of WebP at quality 50.",
        _LEVEL_RULE.format(reference="WebP 50"),
        "ae-2-layer",
        ("webp-50",),
    ),
    Claim(
        "three-layers",
        "Three layers (20x20 bottleneck) fall below JPEG and WebP at every quality compared.",
        "holds when mean PSNR and mean SSIM lie below those of JPEG and WebP at 25, 50 and 75",
        "ae-3-layer",
        ("jpeg-25", "jpeg-50", "jpeg-75", "webp-25", "webp-50", "webp-75"),
        below=True,
    ),
)


class Margin(NamedTuple):
    """A PSNR and an SSIM, or how far a method lies above the lowest of its references."""

    psnr_db: float
    ssim: float


@dataclass(frozen=True)
class Verdict:
    """A claim and the outcome of checking it.

    Attributes:
        claim: The claim.
        outcome: The verdict.
        published: Margin in the thesis' own figures.
        published_outcome: Outcome of the same rule on the thesis' own figures.
        measured: Margin in the figures measured here; None when not measured yet.
        method: Row of the method.
        reference: Row of the reference with the lowest published PSNR.
        unmeasured: Codecs whose results are missing.
    """

    claim: Claim
    outcome: Outcome
    published: Margin
    published_outcome: Outcome
    measured: Margin | None
    method: MethodRow
    reference: MethodRow
    unmeasured: tuple[str, ...]

    @property
    def claim_codecs(self) -> tuple[str, ...]:
        """Codecs that the claim compares the method with, each once."""
        codecs = {figure.method: figure.codec for figure in THESIS}
        return tuple(dict.fromkeys(codecs[name] for name in self.claim.references))


def verdicts(rows: Sequence[MethodRow]) -> tuple[Verdict, ...]:
    """Outcome of every claim of the thesis, from the rows of `method_rows`."""
    by_method = {row.published.method: row for row in rows}
    return tuple(_judge(claim, by_method) for claim in CLAIMS)


def _judge(claim: Claim, rows: Mapping[str, MethodRow]) -> Verdict:
    method = rows[claim.method]
    references = [rows[name] for name in claim.references]
    published = _margin(_published(method), [_published(row) for row in references])
    unmeasured = [row.published.codec for row in (method, *references) if not row.is_measured]
    measured = None if unmeasured else _margin(_own(method), [_own(row) for row in references])
    outcome, published_outcome = _outcome(claim, measured), _outcome(claim, published)
    if outcome is published_outcome is Outcome.NOT_SUPPORTED:
        outcome = Outcome.NOT_SUPPORTED_BY_EITHER
    return Verdict(
        claim=claim,
        outcome=outcome,
        published=published,
        published_outcome=published_outcome,
        measured=measured,
        method=method,
        reference=min(references, key=lambda row: row.published.psnr_db),
        unmeasured=tuple(dict.fromkeys(unmeasured)),
    )


def _published(row: MethodRow) -> Margin:
    return Margin(row.published.psnr_db, row.published.ssim)


def _own(row: MethodRow) -> Margin:
    if row.psnr_db is None or row.ssim is None:
        raise ValueError(f"{row.published.label} is not measured yet.")
    return Margin(row.psnr_db, row.ssim)


def _margin(method: Margin, references: Sequence[Margin]) -> Margin:
    """Differences to the lowest of the references, in each metric."""
    return Margin(
        method.psnr_db - min(reference.psnr_db for reference in references),
        method.ssim - min(reference.ssim for reference in references),
    )


def _outcome(claim: Claim, margin: Margin | None) -> Outcome:
    if margin is None:
        return Outcome.NOT_MEASURED
    if claim.below:
        holds = margin.psnr_db < 0 and margin.ssim < 0
    else:
        holds = margin.psnr_db >= -LEVEL_PSNR_DB and margin.ssim >= -LEVEL_SSIM
    return Outcome.SUPPORTED if holds else Outcome.NOT_SUPPORTED
