"""The ten methods of the thesis: published figures, our measurements, and their bytes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from core.analysis.published import THESIS, PublishedFigure

#: Setting of the results that correspond to the thesis' figure: the latent without quantisation.
FLOAT_SETTING = "float"
#: An autoencoder is weighed at the coarsest quantisation that costs at most this much.
QUANTISATION_LOSS_DB = 0.1


@dataclass(frozen=True)
class MethodRow:
    """One method of the thesis beside what was measured here.

    Attributes:
        published: The thesis' figure.
        psnr_db: Mean PSNR measured; infinite for lossless, None when not measured yet. For an
            autoencoder that of the floating-point latent, as in the thesis.
        ssim: Mean SSIM measured, likewise.
        bytes: Mean file size; for an autoencoder at its representative setting.
        bits_per_pixel: Mean rate, likewise.
        coded_psnr_db: Mean PSNR of the file that was weighed.
        weighed_setting: Setting of the file that was weighed.
        images: Images that the means are over.
    """

    published: PublishedFigure
    psnr_db: float | None = None
    ssim: float | None = None
    bytes: float | None = None
    bits_per_pixel: float | None = None
    coded_psnr_db: float | None = None
    weighed_setting: str | None = None
    images: int = 0

    @property
    def is_measured(self) -> bool:
        """Whether there is a measurement to compare with the published figure."""
        return self.psnr_db is not None

    @property
    def psnr_difference_db(self) -> float | None:
        """Measured minus published PSNR; None where either is not finite."""
        return _difference(self.psnr_db, self.published.psnr_db)

    @property
    def ssim_difference(self) -> float | None:
        """Measured minus published SSIM."""
        return _difference(self.ssim, self.published.ssim)


def method_rows(means: pd.DataFrame) -> tuple[MethodRow, ...]:
    """The ten methods of the thesis in its order, measured where there are results.

    Args:
        means: One row per codec and setting, as `core.evaluation.measurements.summary` gives them.
    """
    return tuple(_row(published, means) for published in THESIS)


def _row(published: PublishedFigure, means: pd.DataFrame) -> MethodRow:
    rows = means[(means["codec"] == published.codec) & (means["images"] > 0)]
    if published.is_autoencoder:
        return _autoencoder_row(published, rows)
    if published.dial is not None:
        rows = rows[rows["dial"] == published.dial]
    if rows.empty:
        return MethodRow(published)
    return _measured(published, quality=rows.iloc[0], weighed=rows.iloc[0])


def _autoencoder_row(published: PublishedFigure, rows: pd.DataFrame) -> MethodRow:
    is_float = rows["setting"] == FLOAT_SETTING
    floats, files = rows[is_float], rows[~is_float & rows["bytes"].notna()]
    if floats.empty:
        return MethodRow(published)
    quality = floats.iloc[0]
    if files.empty:
        return _measured(published, quality=quality, weighed=None)
    close = files[files["psnr_db"] >= quality["psnr_db"] - QUANTISATION_LOSS_DB]
    by_rate, by_quality = close.sort_values("bits_per_pixel"), files.sort_values("psnr_db")
    weighed = by_rate.iloc[0] if len(close) else by_quality.iloc[-1]
    return _measured(published, quality=quality, weighed=weighed)


def _measured(
    published: PublishedFigure, *, quality: "pd.Series[float]", weighed: "pd.Series[float] | None"
) -> MethodRow:
    row = MethodRow(
        published,
        psnr_db=_psnr(quality),
        ssim=float(quality["ssim"]),
        images=int(quality["images"]),
    )
    if weighed is None:
        return row
    return replace(
        row,
        bytes=float(weighed["bytes"]),
        bits_per_pixel=float(weighed["bits_per_pixel"]),
        coded_psnr_db=_psnr(weighed),
        weighed_setting=str(weighed["setting"]),
    )


def _psnr(row: "pd.Series[float]") -> float:
    return math.inf if bool(row["lossless"]) else float(row["psnr_db"])


def _difference(measured: float | None, published: float) -> float | None:
    if measured is None or not math.isfinite(measured) or not math.isfinite(published):
        return None
    return measured - published


def methods_table(rows: Sequence[MethodRow]) -> pd.DataFrame:
    """The ten methods as a table of plain values, one row each."""
    return pd.DataFrame(
        {
            "method": row.published.method,
            "label": row.published.label,
            "published_psnr_db": row.published.psnr_db,
            "psnr_db": row.psnr_db,
            "psnr_difference_db": row.psnr_difference_db,
            "published_ssim": row.published.ssim,
            "ssim": row.ssim,
            "ssim_difference": row.ssim_difference,
            "bytes": row.bytes,
            "bits_per_pixel": row.bits_per_pixel,
            "weighed_setting": row.weighed_setting,
            "coded_psnr_db": row.coded_psnr_db,
            "images": row.images,
        }
        for row in rows
    )
