"""Which archive the images come from, and whether the results were measured on these images."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.dataset.preparation.imagenette import ARCHIVE_SHA256, ARCHIVE_URL
from core.plain_english import counted

PUBLISHED = ARCHIVE_URL.rpartition("/")[2]


def archive_line(facts: Mapping[str, Any], index: pd.DataFrame | None) -> str:
    """Which archive the images come from, in Markdown.

    Args:
        facts: Facts of the data set's manifest.
        index: One row per image with the size of its source; None where it cannot be read.
    """
    source, digest = facts["source"], facts.get("archive_sha256")
    if facts.get("is_published_archive"):
        return f"The images are those of the published `{PUBLISHED}`, its sha256 checked."
    images = sum(facts["counts"].values())
    named = f"**{source}**" + (f" (sha256 `{digest[:12]}`)" if digest else "")
    line = (
        f"**The images are not those of the published `{PUBLISHED}`** (sha256 "
        f"`{ARCHIVE_SHA256[:12]}`), but of {named}: {counted(images, 'image')}"
    )
    if index is not None and len(index):
        line += _source_sizes(index)
    return (
        f"{line}. Resized from other files, pixels and results differ slightly from those of the "
        "published archive; the results are comparable with each other."
    )


def _source_sizes(index: pd.DataFrame) -> str:
    """Size of the source images, where one is common."""
    sizes = index.groupby(["source_width", "source_height"]).size().sort_values()
    (width, height), count = sizes.index[-1], sizes.iloc[-1]
    share = "all" if count == len(index) else f"{count / len(index):.0%} of them"
    return f", {share} of {width}x{height} pixels"
