"""Sections on quality and bytes: findings, the thesis' claims and methods, curves, BD-rates."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import pandas as pd

from core.analysis.bd_tables import bd_matrix, bd_rates_of
from core.analysis.claims import CLAIMS, Verdict, verdicts
from core.analysis.curve_views import curve_measurements, exact_settings
from core.analysis.equal_quality import equal_quality
from core.analysis.findings import (
    FLOAT_SETTING,
    QUANTISATION_LOSS_DB,
    MethodRow,
    method_rows,
    methods_table,
)
from core.analysis.headlines import LEARNED, headlines, rate_trained_rates
from core.analysis.image_sizes import has_mixed_sizes, rates_over_pixels
from core.analysis.lossless import lossless_table
from core.analysis.optimised_for import model_rates, optimised_for
from core.evaluation.measurements import (
    Curve,
    Measurements,
    lossless_codecs,
    lossy_measurements,
    on_common_images,
    on_images_of,
    pooled_psnr_db,
    summary,
)
from core.evaluation.results import Results
from core.metrics import metrics, psnr_db
from core.report.curves import curve_plot
from core.report.deltas import Compared, delta_section
from core.report.document import Section
from core.report.tables import Column, Table, without


@dataclass(frozen=True)
class Quality:
    """The results of one data set, ready to be reported.

    Attributes:
        results: The results.
        labels: Display label by codec.
        is_of_thesis: Whether it is the data set of the thesis; the published figures stand beside
            measurements on no other.
        overheads: Bytes of the container by codec, of the codecs that can run here.
    """

    results: Results
    labels: Mapping[str, str]
    is_of_thesis: bool = True
    overheads: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Results on the images that all codecs have."""
        return on_common_images(self.results.frame)

    @cached_property
    def with_psnr(self) -> pd.DataFrame:
        """Results on those of them that have a mean PSNR: the ones of the PSNR curves."""
        return on_images_of(self.frame, lossy_measurements(self.frame, metric=psnr_db.NAME))

    @cached_property
    def means(self) -> pd.DataFrame:
        """Means per codec and setting, of the images that have a mean PSNR."""
        return summary(self.with_psnr)

    @cached_property
    def rows(self) -> tuple[MethodRow, ...]:
        """The ten methods of the thesis."""
        return method_rows(self.means)

    @cached_property
    def measured(self) -> list[str]:
        """Metrics that were measured."""
        frame = self.frame
        return [name for name in metrics() if name in frame and frame[name].notna().any()]

    def compared(self, metric: str) -> Compared:
        """Measurements by codec of those that have a curve under a metric."""
        of = partial(curve_measurements, self.frame, metric=metric)
        is_psnr = metric == psnr_db.NAME
        return Compared(of(), of(overheads=self.overheads), of(pooled=True) if is_psnr else {})

    def pooled_psnr_db(self, codec: str, setting: str | None) -> float | None:
        """PSNR of the mean squared error of a codec at a setting; None where it has no results."""
        frame = self.with_psnr
        rows = frame[(frame["codec"] == codec) & (frame["setting"] == setting)]
        if rows.empty:
            return None
        values = rows["psnr_db"].mask(rows["lossless"].astype(bool), math.inf).to_numpy(float)
        return float(pooled_psnr_db(values, np.full(len(values), 1 / len(values))))

    def label(self, codec: str) -> str:
        """Display label of a codec, also of one that cannot run here."""
        return self.labels.get(codec, codec)


def quality_sections(quality: Quality) -> list[Section]:
    """All sections on quality and bytes."""
    compared = {metric: quality.compared(metric) for metric in quality.measured}
    tables = {metric: found.files for metric, found in compared.items()}
    exact = exact_settings(quality.with_psnr)
    return [
        _findings(quality, tables.get(psnr_db.NAME, {})),
        *([_methods(quality)] if quality.is_of_thesis else []),
        Section(
            "curves",
            "Quality against bytes",
            parts=(
                *(
                    curve_plot(metric, found, quality.labels, exact=exact)
                    for metric, found in tables.items()
                    if found
                ),
                *_lossless(quality),
                *_rates_over_pixels(quality),
            ),
        ),
        delta_section(compared, quality.labels),
    ]


def _findings(quality: Quality, tables: Mapping[str, Measurements]) -> Section:
    curves = {codec: table.curve() for codec, table in tables.items()}
    matrix = bd_matrix(tables)
    sentences = headlines(
        curves,
        quality.rows,
        quality.means,
        learned=bd_rates_of(LEARNED, matrix),
        rate_trained=rate_trained_rates(matrix),
        labels=quality.labels,
    )
    sentences += optimised_for(model_rates(quality.frame), quality.frame, quality.labels)
    claims = (_claims(quality, curves),) if quality.is_of_thesis else ()
    return Section("findings", "Findings", tuple(sentences), claims)


def _claims(quality: Quality, curves: Mapping[str, Curve]) -> Table:
    frame = pd.DataFrame(
        {
            "claim": verdict.claim.statement,
            "verdict": str(verdict.outcome),
            "rule": verdict.claim.rule,
            "published": verdict.published.words(),
            "measured": verdict.measured.words(verdict.half_width) if verdict.measured else None,
            "bits_per_pixel": verdict.method.bits_per_pixel,
            **_weight(verdict, quality, curves),
            "missing": _missing(verdict),
        }
        for verdict in verdicts(quality.rows, quality.with_psnr)
    )
    columns = {
        "claim": Column("Claim of the thesis"),
        "verdict": Column("Verdict"),
        "published": Column("Published margin"),
        "measured": Column("Measured margin"),
        "bits_per_pixel": Column("Bits per pixel", ".2f"),
        "reference": Column("Against"),
        "reference_bits_per_pixel": Column("its bits per pixel at the same PSNR", ".2f"),
        "rate_ratio": Column("Times its bytes", ".1f"),
        "missing": Column("Needs"),
    }
    shown = columns if frame["missing"].notna().any() else without(columns, "missing")
    rules = "; ".join(f"{claim.statement.rstrip('.')}: {claim.rule}" for claim in CLAIMS)
    caption = (
        f"How each is judged. {rules}. After \u00b1 stands half of the margin's 95 % interval over "
        "images."
    )
    return Table("claims", "The claims of the thesis", caption, frame, shown)


def _weight(
    verdict: Verdict, quality: Quality, curves: Mapping[str, Curve]
) -> dict[str, str | float | None]:
    """Cells of a claim on its reference codec at the PSNR of the method's file."""
    codec = verdict.reference.published.codec
    found = equal_quality(verdict.method, curves.get(codec))
    return {
        "reference": quality.label(codec),
        "reference_bits_per_pixel": found.bits_per_pixel if found else None,
        "rate_ratio": found.ratio if found else None,
    }


def _methods(quality: Quality) -> Section:
    columns = {
        "label": Column("Method"),
        "published_psnr_db": Column("PSNR thesis (dB)", ".2f"),
        "psnr_db": Column("PSNR here (dB)", ".2f"),
        "pooled_psnr_db": Column("of the MSE (dB)", ".2f"),
        "published_ssim": Column("SSIM thesis", ".4f"),
        "ssim": Column("SSIM here", ".4f"),
        "bytes": Column("Bytes", ",.0f"),
        "bits_per_pixel": Column("Bits per pixel", ".2f"),
        "coded_psnr_db": Column("PSNR of the file (dB)", ".2f"),
        "images": Column("Images", ",.0f"),
    }
    caption = (
        "An autoencoder's PSNR and SSIM are those of its floating-point latent, as in the thesis, "
        "which is no file. Its bytes and the PSNR of its file are those of the coarsest "
        f"quantisation that costs at most {QUANTISATION_LOSS_DB:g} dB. PSNR is the mean of the "
        "images' PSNR, as in the thesis; of the MSE: that of their mean squared error."
    )
    frame = methods_table(quality.rows)
    frame["pooled_psnr_db"] = [_pooled(quality, row) for row in quality.rows]
    frame["coded_pooled_psnr_db"] = [
        quality.pooled_psnr_db(row.published.codec, row.weighed_setting) for row in quality.rows
    ]
    frame["images"] = frame["images"].where(frame["images"] > 0)
    table = Table("methods", "Published and measured", caption, frame, columns)
    return Section("methods", "The ten methods of the thesis", parts=(table,))


def _pooled(quality: Quality, row: MethodRow) -> float | None:
    """PSNR of the mean squared error of what the row's mean PSNR is of."""
    setting = FLOAT_SETTING if row.published.is_autoencoder else row.weighed_setting
    return quality.pooled_psnr_db(row.published.codec, setting)


def _lossless(quality: Quality) -> list[Table]:
    frame = lossless_table(quality.means, lossless_codecs(quality.frame), quality.labels)
    if frame.empty:
        return []
    columns = {
        "label": Column("Format"),
        "bits_per_pixel": Column("Bits per pixel", ".2f"),
        "bytes": Column("Bytes", ",.0f"),
        "images": Column("Images", ",.0f"),
    }
    caption = "They restore every pixel, so that their rate is all there is to say of them."
    return [Table("lossless", "Lossless formats", caption, frame, columns)]


def _rates_over_pixels(quality: Quality) -> list[Table]:
    if not has_mixed_sizes(quality.results.frame):
        return []
    frame = rates_over_pixels(quality.with_psnr)
    columns = {
        "label": Column("Codec"),
        "setting": Column("Setting"),
        "bytes": Column("Bytes of an image", ",.0f"),
        "bits_per_pixel": Column("Rate, mean of images", ".3f"),
        "bits_per_pixel_of_all": Column("Rate over all pixels", ".3f"),
        "images": Column("Images", ",.0f"),
    }
    caption = (
        "In a mean of the images' rates each image counts alike; in a rate over all pixels each "
        "pixel does, so that a large image counts for more."
    )
    frame.insert(0, "label", frame["codec"].map(quality.label))
    return [Table("rates", "Rates per image and per pixel", caption, frame, columns)]


def _missing(verdict: Verdict) -> str | None:
    return f"results of {', '.join(verdict.unmeasured)}" if verdict.unmeasured else None
