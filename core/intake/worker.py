"""The process that decodes untrusted images; started by `core.intake.worker_process` only.

It receives each job as two byte messages on an inherited connection, a JSON object and the file,
and answers with a JSON object and, for an image, its raw pixels.
"""

import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from core.intake.decode import DecodedImage
from core.intake.errors import MEMORY_SENTENCE, ImageError, Limits
from core.intake.headers import read_pixel_count
from core.jobs.process_limits import limit_memory, limit_processor_time

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Connection


def main() -> None:
    """Serves jobs until the connection or the standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C for all
    threading.Thread(target=_end_with_parent, daemon=True).start()
    connection = Connection(int(sys.argv[1]))
    connection.send_bytes(json.dumps({"ready": True}).encode())
    while True:
        try:
            job = json.loads(connection.recv_bytes())
            data = connection.recv_bytes()
        except EOFError:
            return
        _serve(connection, job, data)


def _end_with_parent() -> None:
    """Waits for the standard input to close, which it does when the parent ends in any way."""
    sys.stdin.buffer.read()
    os._exit(0)


def _serve(connection: Connection, job: dict[str, Any], data: bytes) -> None:
    limits = Limits(**job["limits"])
    limit_processor_time(limits.processor_seconds(0))
    try:
        pixels = read_pixel_count(data)
        limit_processor_time(limits.processor_seconds(pixels))
        limit_memory(job["memory_bytes"] or limits.memory_bytes(pixels))
        image = _find(job["decode"])(data, limits=limits)
    except ImageError as error:
        _answer(connection, {"error": str(error)})
    except MemoryError:
        _answer(connection, {"error": MEMORY_SENTENCE})
    else:
        head = {"shape": image.pixels.shape, "format": image.format, "notes": image.notes}
        _answer(connection, head)
        connection.send_bytes(image.pixels.data.cast("B"))


def _answer(connection: Connection, message: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(message).encode())


def _find(name: str) -> Callable[..., DecodedImage]:
    """Decode function by its `module:name`, which the parent chose and no file can."""
    module, _, function = name.partition(":")
    found: Callable[..., DecodedImage] = getattr(importlib.import_module(module), function)
    return found


if __name__ == "__main__":
    main()
