"""A cache shared by all visitors with a bound on its total size."""

import threading
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from cachetools import TTLCache

_SMALL = 1_000


class BoundedCache:
    """Least-recently-used cache with a maximum size in bytes and a time to live.

    Args:
        max_bytes: Bytes of all values together.
        ttl_seconds: How long a value is kept.
    """

    def __init__(self, *, max_bytes: int, ttl_seconds: float) -> None:
        self._values: TTLCache[Any, Any] = TTLCache(max_bytes, ttl_seconds, getsizeof=size_of)
        self._lock = threading.Lock()

    def get(self, key: object) -> Any:
        """Value of a key; None where there is none."""
        with self._lock:
            return self._values.get(key)

    def put(self, key: object, value: object) -> None:
        """Keeps a value, unless it alone is larger than the cache."""
        with self._lock:
            if size_of(value) <= self._values.maxsize:
                self._values[key] = value

    @property
    def bytes(self) -> int:
        """Bytes of all values."""
        with self._lock:
            return int(self._values.currsize)


def size_of(value: object) -> int:
    """Bytes of the arrays and files in a value, found through dataclasses and collections."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, bytes):
        return len(value)
    if is_dataclass(value):
        return _SMALL + sum(size_of(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, dict):
        return _SMALL + sum(size_of(item) for item in value.values())
    if isinstance(value, list | tuple):
        return _SMALL + sum(size_of(item) for item in value)
    return _SMALL
