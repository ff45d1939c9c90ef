"""Image files that several tests of the intake make."""

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image


def gradient(width: int = 64, height: int = 48) -> Image.Image:
    """Smooth colour image, which every format keeps well."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 255 - x], axis=-1).astype(np.uint8))


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, channels), dtype=np.uint8)


def save(image: Image.Image, fmt: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png(
    samples: bytes, *, width: int, height: int, depth: int, kind: int, extra: bytes = b""
) -> bytes:
    """PNG with any header; `kind` is 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(samples, 1))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def png_16(rows: list[list[int]], *, kind: int, channels: int, extra: bytes = b"") -> bytes:
    samples = b"".join(b"\0" + np.array(row, ">u2").tobytes() for row in rows)
    width = len(rows[0]) // channels
    return png(samples, width=width, height=len(rows), depth=16, kind=kind, extra=extra)


def tiff(array: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()
