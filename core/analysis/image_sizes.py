"""Rates over images of several sizes: of each image alike, and of each pixel alike."""

import pandas as pd


def has_mixed_sizes(frame: pd.DataFrame) -> bool:
    """Whether the images of some results differ in size."""
    return len(_sizes(frame)) > 1


def pixels_of_each(frame: pd.DataFrame) -> float | None:
    """Number of pixels of every image; None where they differ, as a mean rate then fixes no bytes.

    Args:
        frame: Results.
    """
    sizes = _sizes(frame)
    counts = (sizes["width"] * sizes["height"]).unique()
    return float(counts[0]) if len(counts) == 1 else None


def size_line(frame: pd.DataFrame) -> str:
    """How images of several sizes count in a mean rate; empty where all have one size.

    Args:
        frame: Results.
    """
    sizes = _sizes(frame)
    if len(sizes) < 2:
        return ""
    ordered = sizes.assign(pixels=sizes["width"] * sizes["height"]).sort_values("pixels")
    small, large = (
        f"{row.width:.0f}x{row.height:.0f}" for row in ordered.iloc[[0, -1]].itertuples()
    )
    return (
        f"The images have {len(sizes):,} sizes, from {small} to {large} pixels. A mean rate is "
        "that of the images' bits per pixel, so that each image counts alike, whatever its size; "
        "bytes at equal quality are compared by it."
    )


def rates_over_pixels(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean rate of the images beside all bits over all pixels, by codec and setting.

    Columns: codec, setting, bytes (mean of an image), bits_per_pixel (mean of the images),
    bits_per_pixel_of_all (8 x all bytes / all pixels, where a large image counts for more), and
    images.

    Args:
        frame: Results; rows without a file are left out.
    """
    coded = frame[frame["bytes"].notna() & frame["error"].isna()]
    groups = coded.assign(pixels=coded["width"] * coded["height"]).groupby(
        ["codec", "setting"], observed=True, sort=True
    )
    sums = groups[["bytes", "pixels"]].sum()
    means = groups[["bytes", "bits_per_pixel"]].mean()
    over_all = 8 * sums["bytes"] / sums["pixels"]
    table = means.assign(bits_per_pixel_of_all=over_all, images=groups.size()).reset_index()
    return table.astype({"codec": "str", "setting": "str"})


def _sizes(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["width", "height"]].dropna().drop_duplicates()
