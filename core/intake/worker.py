"""The process that decodes untrusted images; started by `core.intake.isolation`, never by hand.

It reads requests from its standard input and answers on its standard output: one line of JSON,
then raw bytes. Nothing is pickled. It ends when its input ends, so it cannot outlive the server.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from core.intake.decode import DecodedImage
from core.intake.errors import MEMORY_SENTENCE, ImageError, Limits

if sys.platform != "win32":
    import resource


def main() -> None:
    """Serves requests until the input ends."""
    requests, answers = sys.stdin.buffer, _claim_output()
    _answer(answers, {"ready": True})
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["bytes"])
        _limit_cpu(request["cpu_seconds"])
        _limit_memory(request["memory_bytes"])
        try:
            image = _find(request["decode"])(data, limits=Limits(**request["limits"]))
        except ImageError as error:
            _answer(answers, {"error": str(error)})
            continue
        except MemoryError:
            _answer(answers, {"error": MEMORY_SENTENCE})
            continue
        head = {"shape": image.pixels.shape, "format": image.format, "notes": image.notes}
        _answer(answers, head, image.pixels.data)


def _claim_output() -> BinaryIO:
    """Private copy of standard output; what a C library prints goes to standard error instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _answer(answers: BinaryIO, head: dict[str, Any], body: bytes | memoryview = b"") -> None:
    answers.write(json.dumps(head).encode() + b"\n")
    answers.write(body)
    answers.flush()


def _find(name: str) -> Callable[..., DecodedImage]:
    """Decode function by its `module:name`, which the server chose and no file can."""
    module, _, function = name.partition(":")
    found: Callable[..., DecodedImage] = getattr(importlib.import_module(module), function)
    return found


def _limit_cpu(seconds: int) -> None:
    """Lets the kernel end this process after so many more seconds of computing."""
    if sys.platform != "win32":
        until = int(time.process_time()) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _limit_memory(count: int) -> None:
    """Lets the kernel refuse more than `count` bytes of address space beyond what is in use."""
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as statistics:
            used = int(statistics.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + count, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
