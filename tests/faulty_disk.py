"""A disk whose n-th operation fails, for tests of what must survive that."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

#: What a commit asks of the operating system when it changes something.
OPERATIONS = ("open", "write", "fsync", "replace", "unlink", "mkdir")


class Died(BaseException):
    """Stands for the end of the process: nothing catches it."""


class FaultyDisk:
    """Makes the n-th changing operation fail; with `for_good`, every later one as well."""

    def __init__(self, nth: int, error: BaseException, *, for_good: bool) -> None:
        self.countdown = nth
        self.error = error
        self.for_good = for_good
        self.struck = False

    def wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*given: Any, **named: Any) -> Any:
            self.countdown -= 1
            if self.countdown == 0 or (self.countdown < 0 and self.for_good):
                self.struck = True
                if name == "write":
                    real(given[0], given[1][: len(given[1]) // 2])
                raise self.error
            return real(*given, **named)

        return operation

    @contextmanager
    def inserted(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in OPERATIONS:
                patch.setattr(os, name, self.wrap(name, getattr(os, name)))
            yield


FAULTS = {
    "an input/output error": lambda nth: FaultyDisk(
        nth, OSError(errno.EIO, "Input/output error"), for_good=False
    ),
    "a disk that stays full": lambda nth: FaultyDisk(
        nth, OSError(errno.ENOSPC, "No space left on device"), for_good=True
    ),
    "death": lambda nth: FaultyDisk(nth, Died(), for_good=True),
}
