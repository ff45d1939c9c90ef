"""Files that are small to send and slow or large to read."""

import io
import struct

import numpy as np
from PIL import Image

from core.codecs.bnk import TrainedModel
from core.codecs.bottleneck import CODEC
from core.entropy.bitstream import Header, pack
from core.png import encode_png
from core.store import ArtifactStore

_SIDE = 4000


def slow_files() -> dict[str, bytes]:
    """Files by name, each slow, large or refused in its own way."""
    return {
        "claims.bnk": claiming_bnk(),
        "runs.bmp": run_length_bmp(18_000_000),
        "short_runs.bmp": run_length_bmp(3_900_000),
        "blocks.gif": gif_of_tiny_blocks(145_000),
        "scans.jpg": jpeg_of_scans(5_000),
        "canvas.png": worst_png(),
        "bomb.jp2": large_jpeg_2000(),
    }


def claiming_bnk() -> bytes:
    """Thirteen bytes that claim to be an image of 16 megapixels of the learned codec."""
    digest = TrainedModel(CODEC, "bottleneck", ArtifactStore.default()).digest()
    header = Header(digest[:2], 1, _SIDE, _SIDE)
    return pack(header, b"", model_digest=digest, symbols=())


def run_length_bmp(count: int) -> bytes:
    """BMP of about so many bytes, in runs of one pixel."""
    runs = b"\1\0" * (count // 2)
    palette = bytes(1024)
    offset = 14 + 40 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, _SIDE, _SIDE, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return struct.pack("<2sIHHI", b"BM", offset + len(runs), 0, 0, offset) + info + palette + runs


def gif_of_tiny_blocks(count: int) -> bytes:
    """GIF whose image is cut into blocks of one byte."""
    head = b"GIF89a" + struct.pack("<HHBBB", _SIDE, _SIDE, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, _SIDE, _SIDE, 0) + b"\2"
    return head + frame + b"\1\x44" * count + b"\0;"


def jpeg_of_scans(count: int) -> bytes:
    """Progressive JPEG whose last pass over the image is repeated."""
    file = io.BytesIO()
    Image.new("RGB", (2000, 2000), (80, 120, 30)).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + b"\xff\xd9"


def worst_png() -> bytes:
    """PNG of one colour with the most pixels that are accepted, so that all are decoded."""
    return encode_png(np.zeros((_SIDE, _SIDE, 3), np.uint8))


def large_jpeg_2000() -> bytes:
    """JPEG 2000 that states 144 megapixels in a few hundred bytes."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG2000", no_jp2=True)
    data = bytearray(file.getvalue())
    struct.pack_into(">4I", data, 8, 12_000, 12_000, 0, 0)
    return bytes(data)
