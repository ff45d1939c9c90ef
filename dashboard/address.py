"""Rewrites the query parameters of older links, and removes values that no widget can read.

A widget that is bound to the address ignores what means nothing to it, with two exceptions: a
number that is not finite, and a value that is empty, which unsets even a choice that is required.
And a link that somebody saved names things as they were called then.
"""

import math
import re
from collections.abc import Mapping, Sequence

#: Renamed query parameters.
_KEYS = {"picture": "image", "families": "codecs", "family": "codec"}
#: Renamed labels at the start of a value.
_LABELS = {
    "As set": "My settings",
    "Furthest behind": "Loses most against",
    "Furthest ahead": "Wins most against",
    "Middle 1024 x 1024": "Centre 1024 x 1024",
    "Bottleneck": "BNK",
    "Autoencoder 80x80": "Autoencoder, 1 layer (80x80)",
    "Autoencoder 40x40": "Autoencoder, 2 layers (40x40)",
    "Autoencoder 20x20": "Autoencoder, 3 layers (20x20)",
}
#: Parameters whose values were model names in earlier versions, and are labels now.
_NAMED = frozenset({"study", "beside", "runs"})
_LABEL_OF_NAME = {
    "bottleneck": "BNK",
    "ae80": "Autoencoder, 1 layer (80x80)",
    "ae40": "Autoencoder, 2 layers (40x40)",
    "ae20": "Autoencoder, 3 layers (20x20)",
}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_NOT_FINITE = frozenset({"inf", "infinity", "nan"})


def mended_query(query: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The query parameters under their present names, without values that no widget can read.

    Args:
        query: Values by parameter, as the address has them.
    """
    found: dict[str, list[str]] = {}
    for key, values in query.items():
        readable = [_renamed(value) for value in values if _is_readable(value)]
        if key in _NAMED:
            readable = [_LABEL_OF_NAME.get(value, value) for value in readable]
        if readable:
            found.setdefault(_KEYS.get(key, key), []).extend(readable)
    return found


def _renamed(value: str) -> str:
    """The value with an old label at its start replaced by the present one."""
    for old, new in _LABELS.items():
        if value == old or value.startswith(f"{old}, "):
            return new + value.removeprefix(old)
    return value


def _is_readable(value: str) -> bool:
    """Whether the value is neither empty nor a number that is not finite."""
    spelled = value.strip().lower()
    if not spelled or spelled.lstrip("+-") in _NOT_FINITE:
        return False
    return not _NUMBER.fullmatch(spelled) or math.isfinite(float(spelled))
