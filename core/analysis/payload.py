"""Results without the bytes of a file's container: an extra view, never the default."""

from collections.abc import Mapping

import pandas as pd


def without_containers(frame: pd.DataFrame, overheads: Mapping[str, float]) -> pd.DataFrame:
    """The results with payload-only bytes and rates: without headers, tables and boxes.

    A codec whose overhead is not known is left out, for it would be compared with its headers. A
    file never counts less than one byte.

    Args:
        frame: Results, one row per image and operating point.
        overheads: Bytes of the container by codec, as
            `core.codecs.container_bytes.container_bytes` measures them.
    """
    known = frame[frame["codec"].isin(list(overheads))]
    overhead = known["codec"].astype(str).map(dict(overheads)).astype(float)
    remaining = (known["bytes"] - overhead).clip(lower=1.0)
    share = remaining / known["bytes"]
    return known.assign(bytes=remaining, bits_per_pixel=known["bits_per_pixel"] * share)
