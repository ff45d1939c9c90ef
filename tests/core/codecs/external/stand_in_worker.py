"""A model without any framework for the tests: the first byte of the payload says what it does."""

import os
import struct
import sys
import time
import zlib
from pathlib import Path

from core.jobs.model_server import Pixels, serve_model

SIZE = struct.Struct(">HH")


def encode(model, pixels):
    behaviour = model.get("behaviour", "")
    if behaviour == "refuse":
        raise ValueError("no\nsuch model")
    if behaviour == "exit":
        print("out of\nluck", flush=True)
        os._exit(7)
    if behaviour == "abort":
        os.abort()
    if behaviour == "hang":
        Path(model["told"]).write_text(str(os.getpid()))
        time.sleep(60)
    if behaviour == "allocate":
        bytearray(2_000_000_000)
    if behaviour == "malformed":
        os.write(int(sys.argv[1]), struct.pack("!i", 5) + b"no js")
    if behaviour == "huge":
        return b"x" * 4_000_000
    if behaviour == "process":
        return str(os.getpid()).encode()
    return SIZE.pack(pixels.height, pixels.width) + zlib.compress(pixels.data)


def decode(model, data):
    height, width = SIZE.unpack_from(data)
    return Pixels(zlib.decompress(data[SIZE.size :]), height + model.get("lie", 0), width)


if __name__ == "__main__":
    serve_model(version="stand-in 1.2", encode=encode, decode=decode)
