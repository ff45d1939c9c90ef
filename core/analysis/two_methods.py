"""One operating point against another: quality, bytes and ratio over the same images."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.analysis.findings import MethodRow, method_rows
from core.analysis.published import PublishedFigure

#: Differences below these are displayed as equal.
_EQUAL_DB = 0.005
_EQUAL_RATIO = 0.005


class MethodName(NamedTuple):
    """One operating point that has results.

    Attributes:
        codec: Codec.
        setting: Its setting.
        label: Display label.
        published: The thesis' figure for it, where it has one.
    """

    codec: str
    setting: str
    label: str
    published: PublishedFigure | None = None


class MethodMeans(NamedTuple):
    """Means of one operating point over some images.

    Attributes:
        psnr_db: Mean PSNR; infinite when every image came back exactly.
        ssim: Mean SSIM.
        bytes: Mean size of the whole file.
        bits_per_pixel: Mean rate.
    """

    psnr_db: float
    ssim: float
    bytes: float
    bits_per_pixel: float


@dataclass(frozen=True)
class MethodComparison:
    """Two operating points over the images that both have.

    Attributes:
        first: The one that the sentence is about.
        second: The one that it is compared with.
        first_means: Its means.
        second_means: Means of the other.
        images: Images that both have.
    """

    first: MethodName
    second: MethodName
    first_means: MethodMeans
    second_means: MethodMeans
    images: int

    @property
    def bytes_ratio(self) -> float:
        """Bytes of the first for one byte of the second."""
        return self.first_means.bytes / self.second_means.bytes

    def sentence(self) -> str:
        """The comparison in one sentence of Markdown."""
        one, other = self.first_means, self.second_means
        return (
            f"**{self.first.label}** reaches {_quality(one)} with **{one.bytes:,.0f} bytes** an "
            f"image; **{self.second.label}** reaches {_quality(other)} with "
            f"**{other.bytes:,.0f} bytes**: {_gap(one.psnr_db - other.psnr_db)}, at "
            f"**{_ratio(self.bytes_ratio)}**."
        )

    def published_sentence(self) -> str:
        """The thesis' figures for the two; empty where it has neither."""
        known = [name for name in (self.first, self.second) if name.published]
        parts = [
            f"{name.label}: {_decibels(name.published.psnr_db)}, SSIM {name.published.ssim:.4f}"
            for name in known
            if name.published
        ]
        return f"Published in the thesis: {'; '.join(parts)}." if parts else ""


def method_names(means: pd.DataFrame, labels: Mapping[str, str]) -> list[MethodName]:
    """Every operating point with files: the thesis' methods first, then by codec and rate.

    An autoencoder of the thesis stands at the file that represents it on the Findings page.

    Args:
        means: One row per codec and setting, as `core.evaluation.measurements.summary` gives them.
        labels: Display label by codec.
    """
    thesis = [name for row in method_rows(means) if (name := _thesis_name(row)) is not None]
    taken = {(name.codec, name.setting) for name in thesis}
    rows = means[(means["images"] > 0) & means["bytes"].notna()]
    others = [
        MethodName(str(row.codec), str(row.setting), _label(str(row.codec), row.setting, labels))
        for row in rows.sort_values(["codec", "bits_per_pixel"]).itertuples()
        if (str(row.codec), str(row.setting)) not in taken
    ]
    return thesis + others


def compare_methods(
    frame: pd.DataFrame, first: MethodName, second: MethodName
) -> MethodComparison | None:
    """The two over the images that both coded; None where there is no such image.

    Of a method that loses pixels, images that came back exactly are left out: their PSNR has no
    mean.

    Args:
        frame: Results, one row per image and operating point.
        first: The one that the sentence is about.
        second: The one that it is compared with.
    """
    rows, others = (_with_mean_psnr(_rows(frame, name)) for name in (first, second))
    shared = rows.index.intersection(others.index)
    if shared.empty:
        return None
    return MethodComparison(
        first, second, _means(rows.loc[shared]), _means(others.loc[shared]), len(shared)
    )


def _thesis_name(row: MethodRow) -> MethodName | None:
    figure = row.published
    if row.weighed_setting is None:
        return None
    return MethodName(figure.codec, row.weighed_setting, figure.label, figure)


def _label(codec: str, setting: object, labels: Mapping[str, str]) -> str:
    return f"{labels.get(codec, codec)}, {str(setting).replace('=', ' ').replace('_db', ' (dB)')}"


def _rows(frame: pd.DataFrame, name: MethodName) -> pd.DataFrame:
    at = (frame["codec"] == name.codec) & (frame["setting"] == name.setting)
    good = frame.loc[at & frame["error"].isna() & frame["bytes"].notna()]
    return good.astype({"image": "str"}).set_index("image")


def _with_mean_psnr(rows: pd.DataFrame) -> pd.DataFrame:
    """All rows of a method that keeps every pixel, else those with a finite PSNR."""
    is_exact = rows["lossless"].astype(bool)
    return rows if is_exact.all() else rows[~is_exact]


def _means(rows: pd.DataFrame) -> MethodMeans:
    exact = bool(rows["lossless"].all())
    finite = rows["psnr_db"].replace([np.inf, -np.inf], np.nan)
    return MethodMeans(
        math.inf if exact else float(finite.mean()),
        float(rows["ssim"].mean()),
        float(rows["bytes"].mean()),
        float(rows["bits_per_pixel"].mean()),
    )


def _quality(means: MethodMeans) -> str:
    return f"{_decibels(means.psnr_db)} and SSIM {means.ssim:.4f}"


def _decibels(value: float) -> str:
    return "every pixel" if math.isinf(value) else f"{value:.2f} dB"


def _gap(difference: float) -> str:
    if not math.isfinite(difference):
        return "one of them keeps every pixel" if math.isinf(difference) else "both keep all pixels"
    if abs(difference) < _EQUAL_DB:
        return "equal PSNR"
    return f"{abs(difference):.2f} dB {'more' if difference > 0 else 'less'}"


def _ratio(ratio: float) -> str:
    if abs(ratio - 1) < _EQUAL_RATIO:
        return "equal bytes"
    if ratio >= 2:
        return f"{ratio:.1f} times the bytes"
    if ratio <= 0.5:
        return f"{1 / ratio:.1f} times fewer bytes"
    return f"{100 * abs(ratio - 1):.0f} % {'more' if ratio > 1 else 'fewer'} bytes"
