"""Rates of the lossless codecs, which have no curve."""

from collections.abc import Mapping, Sequence

import pandas as pd


def lossless_table(
    means: pd.DataFrame, lossless: Sequence[str], labels: Mapping[str, str]
) -> pd.DataFrame:
    """One row per setting of each lossless codec, from the smallest files to the largest.

    Columns: codec, label, setting, bits_per_pixel, bytes, images.

    Args:
        means: Means per codec and setting, as `core.evaluation.measurements.summary` gives them.
        lossless: The lossless codecs.
        labels: Display label by codec.
    """
    rows = means[means["codec"].isin(lossless) & means["bits_per_pixel"].notna()]
    named = rows.assign(label=rows["codec"].map(lambda codec: labels.get(codec, codec)))
    columns = ["codec", "label", "setting", "bits_per_pixel", "bytes", "images"]
    return named[columns].sort_values("bits_per_pixel", ignore_index=True)
