"""The claims of the thesis, checked against its published figures and our measurements."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import pandas as pd

from core.analysis.findings import FLOAT_SETTING, MethodRow
from core.analysis.published import THESIS

#: "At the level of" is read as: at most this far below.
LEVEL_PSNR_DB = 0.5
LEVEL_SSIM = 0.01

#: Half of a normal distribution's 95 % interval, in standard errors.
_STANDARD_ERRORS = 1.96


class Outcome(StrEnum):
    """Result of checking a claim.

    A claim that the thesis' own figures contradict too is a third case: the measurements then agree
    with the thesis' figures, and not with its claim. Where the ends of the margin's 95 % interval
    give different outcomes, other images might decide otherwise.
    """

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    NOT_SUPPORTED_BY_EITHER = "not supported by the thesis' own figures"
    TOO_CLOSE = "too close to call"
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

    def words(self, half_width: "Margin | None" = None) -> str:
        """Both, signed, with half of their 95 % intervals where those are given."""
        psnr_db, ssim = f"{self.psnr_db:+.2f}", f"{self.ssim:+.4f}"
        if half_width is not None:
            psnr_db += f" \N{PLUS-MINUS SIGN} {half_width.psnr_db:.2f}"
            ssim += f" \N{PLUS-MINUS SIGN} {half_width.ssim:.4f}"
        return f"{psnr_db} dB PSNR, {ssim} SSIM".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class Verdict:
    """A claim and the outcome of checking it.

    Attributes:
        claim: The claim.
        outcome: The verdict.
        published: Margin in the thesis' own figures.
        published_outcome: Outcome of the same rule on the thesis' own figures.
        measured: Margin in the figures measured here; None when not measured yet.
        half_width: Half of its 95 % interval over images; None without results of two images.
        method: Row of the method.
        reference: Row of the reference with the lowest published PSNR.
        unmeasured: Codecs whose results are missing.
    """

    claim: Claim
    outcome: Outcome
    published: Margin
    published_outcome: Outcome
    measured: Margin | None
    half_width: Margin | None
    method: MethodRow
    reference: MethodRow
    unmeasured: tuple[str, ...]

    @property
    def claim_codecs(self) -> tuple[str, ...]:
        """Codecs that the claim compares the method with, each once."""
        codecs = {figure.method: figure.codec for figure in THESIS}
        return tuple(dict.fromkeys(codecs[name] for name in self.claim.references))


def verdicts(rows: Sequence[MethodRow], frame: pd.DataFrame | None = None) -> tuple[Verdict, ...]:
    """Outcome of every claim of the thesis.

    Args:
        rows: The methods, as `method_rows` gives them.
        frame: Results image by image that they are means of; without it margins have no interval.
    """
    by_method = {row.published.method: row for row in rows}
    return tuple(_judge(claim, by_method, frame) for claim in CLAIMS)


def _judge(claim: Claim, rows: Mapping[str, MethodRow], frame: pd.DataFrame | None) -> Verdict:
    method = rows[claim.method]
    references = [rows[name] for name in claim.references]
    published = _margin(_published(method), [_published(row) for row in references])
    unmeasured = [row.published.codec for row in (method, *references) if not row.is_measured]
    measured = None if unmeasured else _margin(_own(method), [_own(row) for row in references])
    half_width = None if measured is None else _half_width(frame, method, references)
    published_outcome = _outcome(claim, published)
    return Verdict(
        claim=claim,
        outcome=_measured_outcome(claim, measured, half_width, published_outcome),
        published=published,
        published_outcome=published_outcome,
        measured=measured,
        half_width=half_width,
        method=method,
        reference=min(references, key=lambda row: row.published.psnr_db),
        unmeasured=tuple(dict.fromkeys(unmeasured)),
    )


def _measured_outcome(
    claim: Claim, measured: Margin | None, half_width: Margin | None, published: Outcome
) -> Outcome:
    outcome = _outcome(claim, measured)
    if measured is not None and half_width is not None:
        low = Margin(*(m - h for m, h in zip(measured, half_width, strict=True)))
        high = Margin(*(m + h for m, h in zip(measured, half_width, strict=True)))
        if _outcome(claim, low) is not _outcome(claim, high):
            return Outcome.TOO_CLOSE
    if outcome is published is Outcome.NOT_SUPPORTED:
        return Outcome.NOT_SUPPORTED_BY_EITHER
    return outcome


def _half_width(
    frame: pd.DataFrame | None, method: MethodRow, references: Sequence[MethodRow]
) -> Margin | None:
    """Half of the 95 % interval of the mean difference to the lowest reference, in each metric."""
    if frame is None:
        return None
    halves = []
    for metric in Margin._fields:
        lowest = min(references, key=lambda row: getattr(row, metric))
        ours = _by_image(frame, metric, method.published.codec, FLOAT_SETTING)
        theirs = _by_image(frame, metric, lowest.published.codec, lowest.weighed_setting)
        differences = (ours - theirs).dropna()
        if len(differences) < 2:
            return None
        error = float(differences.std()) / math.sqrt(len(differences))
        halves.append(_STANDARD_ERRORS * error)
    return Margin(*halves)


def _by_image(
    frame: pd.DataFrame, metric: str, codec: str, setting: str | None
) -> "pd.Series[float]":
    rows = frame[(frame["codec"] == codec) & (frame["setting"] == setting)]
    return rows.set_index("image")[metric]


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
