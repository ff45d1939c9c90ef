"""Ranking of images by one operating point, or by the difference between two."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from core.evaluation.measurements import metric_columns
from core.metrics import metrics

RATE = "bits_per_pixel"


class MeasuredPoint(NamedTuple):
    """Key of an operating point in the tables of results; it cannot encode.

    Attributes:
        codec: Codec.
        setting: The setting in words.
        dial: Position of the codec's dial; None where it has none.
    """

    codec: str
    setting: str
    dial: float | None


def operating_points(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per codec and setting, each codec from its lowest mean rate to its highest.

    Columns: codec, setting, dial, bits_per_pixel (mean), images. A setting without bytes, such
    as a floating-point latent, has no rate and stands last.

    Args:
        frame: Results, as `core.evaluation.results.load_results` gives them.
    """
    good = frame[frame["error"].isna()]
    groups = good.groupby(["codec", "setting"], observed=True)
    table = groups.agg(
        dial=("dial", "first"), bits_per_pixel=(RATE, "mean"), images=("image", "size")
    )
    table = table.reset_index().astype({"codec": "str", "setting": "str"})
    return table.sort_values(["codec", RATE], ignore_index=True)


def point_of(points: pd.DataFrame, codec: str, setting: str) -> MeasuredPoint:
    """The row of `operating_points` with that codec and setting.

    Raises:
        ValueError: There is no such row.
    """
    rows = points[(points["codec"] == codec) & (points["setting"] == setting)]
    if rows.empty:
        raise ValueError(f"There is no point {codec}, {setting} among the results.")
    dial = rows["dial"].iloc[0]
    return MeasuredPoint(codec, setting, None if pd.isna(dial) else float(dial))


def nearest_setting(points: pd.DataFrame, codec: str, bits_per_pixel: float) -> str:
    """Setting of a codec whose mean rate is nearest, as a ratio; its first without any rate.

    Args:
        points: Rows of `operating_points`.
        codec: A codec among them.
        bits_per_pixel: Wanted rate; NaN gives the codec's middle setting.
    """
    rows = points[points["codec"] == codec]
    distance = np.log(rows[RATE] / bits_per_pixel).abs()
    if distance.notna().any():
        return str(rows["setting"].loc[distance.idxmin()])
    return str(rows["setting"].iloc[len(rows) // 2])


def is_better_higher(quantity: str) -> bool:
    """Whether a higher value is better: as the metric declares; a lower rate is better."""
    return quantity in metrics() and metrics()[quantity].HIGHER_IS_BETTER


def ranked(
    frame: pd.DataFrame, point: MeasuredPoint, quantity: str, *, worst_first: bool = True
) -> pd.DataFrame:
    """Images at one operating point, ordered by a quantity; equal ones by their id.

    Columns: image, bytes, bits_per_pixel, then the metrics. Images without a value are left out.

    Args:
        frame: Results.
        point: The operating point.
        quantity: Name of a metric, or `RATE`.
        worst_first: Whether the worst image stands first, else the best.
    """
    rows = _rows(frame, point).dropna(subset=[quantity])
    ascending = is_better_higher(quantity) == worst_first
    return rows.sort_values([quantity, "image"], ascending=[ascending, True], ignore_index=True)


def ranked_by_gap(
    frame: pd.DataFrame,
    first: MeasuredPoint,
    second: MeasuredPoint,
    quantity: str,
    *,
    behind_first: bool = True,
) -> pd.DataFrame:
    """Images that both points have, ordered by how far the first is ahead of the second.

    Columns: those of `ranked` for the first, then `second_bytes`, `second_bits_per_pixel`,
    `second_<metric>`, and `gap`: value of the first minus value of the second. Two images that
    both come back exactly have no gap and are left out.

    Args:
        frame: Results.
        first: Operating point that the gap is counted for.
        second: Operating point that it is counted against.
        quantity: Name of a metric, or `RATE`.
        behind_first: Whether the image where the first is furthest behind stands first.
    """
    others = _rows(frame, second).rename(columns=lambda name: _second(str(name)))
    both = _rows(frame, first).merge(others, on="image")
    with np.errstate(invalid="ignore"):  # infinite minus infinite
        gap = both[quantity] - both[_second(quantity)]
    both = both.assign(gap=gap).dropna(subset=["gap"])
    ascending = is_better_higher(quantity) == behind_first
    return both.sort_values(["gap", "image"], ascending=[ascending, True], ignore_index=True)


def _rows(frame: pd.DataFrame, point: MeasuredPoint) -> pd.DataFrame:
    at = (frame["codec"] == point.codec) & (frame["setting"] == point.setting)
    good = frame.loc[at & frame["error"].isna()]
    columns = ["image", "bytes", RATE, *metric_columns(frame)]
    return good[columns].astype({"image": "str"}).astype({RATE: float}).reset_index(drop=True)


def _second(name: str) -> str:
    return name if name == "image" else f"second_{name}"
