"""Published figures of others. Quoted, not measured: part of the code, not of the artifacts.

`THESIS` are the ten figures of the thesis, means over its 1,964 test images. PSNR is that of
RGB with range 255; SSIM is that of grey with scikit-image's defaults. The thesis saved its
originals as JPEG again before it measured, which makes them softer than the images here.

`kodak_curves` are curves of learned and conventional codecs on the 24 Kodak images.
"""

import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

#: Name of a data set of the Kodak images, on which published curves are comparable with ours.
KODAK = "kodak"

_KODAK_FILE = Path(__file__).with_name("published_kodak.csv")


class PublishedFigure(NamedTuple):
    """One method of the thesis.

    Attributes:
        method: Short name, unique.
        label: Display label.
        codec: Codec of this project that corresponds to it.
        dial: Position of the codec's dial; None where it has none or it was not coded.
        psnr_db: Published mean PSNR; infinite for the lossless method.
        ssim: Published mean SSIM.
    """

    method: str
    label: str
    codec: str
    dial: float | None
    psnr_db: float
    ssim: float

    @property
    def is_autoencoder(self) -> bool:
        """Whether the thesis measured floating-point latents, which are no file."""
        return self.method.startswith("ae-")


THESIS = (
    PublishedFigure("ae-1-layer", "Autoencoder, 1 layer (80x80)", "ae80", None, 36.3601, 0.9811),
    PublishedFigure("ae-2-layer", "Autoencoder, 2 layers (40x40)", "ae40", None, 30.9173, 0.933599),
    PublishedFigure("ae-3-layer", "Autoencoder, 3 layers (20x20)", "ae20", None, 25.2358, 0.780254),
    PublishedFigure("jpeg-25", "JPEG, quality 25", "jpeg", 25, 28.7273, 0.890781),
    PublishedFigure("jpeg-50", "JPEG, quality 50", "jpeg", 50, 31.2309, 0.934128),
    PublishedFigure("jpeg-75", "JPEG, quality 75", "jpeg", 75, 34.956, 0.968011),
    PublishedFigure("webp-25", "WebP, quality 25", "webp", 25, 30.2416, 0.914669),
    PublishedFigure("webp-50", "WebP, quality 50", "webp", 50, 32.9438, 0.94992),
    PublishedFigure("webp-75", "WebP, quality 75", "webp", 75, 35.1398, 0.968506),
    PublishedFigure("tiff-lzw", "TIFF, LZW (lossless)", "tiff_lzw", None, math.inf, 1.0),
)


@cache
def kodak_curves() -> pd.DataFrame:
    """Points of published curves on Kodak, in the order of each curve.

    Columns are `codec`, `kind` (learned or traditional), `bpp` (bits per pixel), `psnr_rgb_db`,
    `ms_ssim_rgb` (five scales, over RGB: `ms_ssim` here) and `source`.
    """
    return pd.read_csv(_KODAK_FILE)
