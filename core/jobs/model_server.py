"""What a program in another Python calls to serve its model as a codec; standard library only.

`core/codecs/external/programs/compressai_worker.py` is an example, which
`core.codecs.external.other_python` starts.
"""

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from core.jobs.messages import Answer, serve

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Connection
else:
    from multiprocessing.connection import Connection


class Pixels(NamedTuple):
    """An image as bytes.

    Attributes:
        data: Rows from top to bottom, three bytes per pixel: red, green, blue.
        height: Number of rows.
        width: Pixels in a row.
    """

    data: bytes
    height: int
    width: int


Encode = Callable[[dict[str, Any], Pixels], bytes]
Decode = Callable[[dict[str, Any], bytes], Pixels]


def serve_model(*, version: str, encode: Encode, decode: Decode) -> None:
    """Serves a model until the process that started this one ends.

    Args:
        version: Names and versions of what codes, such as `compressai 1.2.8`.
        encode: Gives the payload of an image; its first argument names the model.
        decode: Gives the image of a payload; its first argument names the model.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def handle(facts: dict[str, Any], data: bytes) -> Answer:
        operation, model = facts["operation"], facts.get("model", {})
        if operation == "encode":
            return Answer({}, encode(model, Pixels(data, facts["height"], facts["width"])))
        if operation == "decode":
            pixels = decode(model, data)
            return Answer({"height": pixels.height, "width": pixels.width}, pixels.data)
        return Answer({"version": version})

    serve(Connection(int(sys.argv[1])), handle)


def _end_with_parent() -> None:
    """Waits for the standard input to close, which it does when the parent ends in any way."""
    sys.stdin.buffer.read()
    os._exit(0)
