"""Every colour type, depth and interlacing of PNG shows what its samples mean."""

import struct
import zlib
from itertools import product

import numpy as np
import pytest

from core.intake.decode import decode_image
from tests.core.intake.image_files import chunk

_GREY, _RGB, _PALETTE, _GREY_OPACITY, _RGB_OPACITY = 0, 2, 3, 4, 6

#: Colour type, its depths, its channels.
TYPES = [
    (_GREY, (1, 2, 4, 8, 16), 1),
    (_RGB, (8, 16), 3),
    (_PALETTE, (1, 2, 4, 8), 1),
    (_GREY_OPACITY, (8, 16), 2),
    (_RGB_OPACITY, (8, 16), 4),
]

#: First row and column, and steps, of the seven passes of Adam7.
ADAM7 = [
    *[(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)],
    *[(2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)],
]


def pack(row: np.ndarray, depth: int) -> bytes:
    bits = "".join(f"{value:0{depth}b}" for value in row.ravel())
    bits = bits.ljust(-(-len(bits) // 8) * 8, "0")
    return bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits), 8))


def png(samples: np.ndarray, depth: int, kind: int, extra: bytes, *, interlaced: bool) -> bytes:
    height, width = samples.shape[:2]
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    parts = [samples[top::down, left::right] for top, left, down, right in passes]
    rows = b"".join(b"\0" + pack(row, depth) for part in parts if part.size for row in part)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


CASES = [
    (kind, depth, channels, interlaced, keyed)
    for kind, depths, channels in TYPES
    for depth, interlaced, keyed in product(depths, (False, True), (False, True))
    if not (keyed and kind in (_GREY_OPACITY, _RGB_OPACITY))
]


@pytest.mark.parametrize(("kind", "depth", "channels", "interlaced", "keyed"), CASES)
def test_samples_are_shown_as_they_are_meant(
    kind: int, depth: int, channels: int, interlaced: bool, keyed: bool
) -> None:
    random = np.random.default_rng([kind, depth])
    samples = random.integers(0, 1 << depth, (13, 17, channels))
    levels = samples * 255 / ((1 << depth) - 1)
    opacity = levels[..., -1:] / 255 if channels in (2, 4) else np.ones((13, 17, 1))
    extra = b""
    if kind == _PALETTE:
        palette = random.integers(0, 256, (1 << depth, 3), dtype=np.uint8)
        opacities = random.integers(0, 256, 1 << depth, dtype=np.uint8)
        extra = chunk(b"PLTE", palette.tobytes())
        extra += chunk(b"tRNS", opacities.tobytes()) if keyed else b""
        levels = palette[samples[..., 0]].astype(float)
        opacity = opacities[samples] / 255 if keyed else opacity
    elif keyed:
        key = samples[3, 3]
        extra = chunk(b"tRNS", key.astype(">u2").tobytes())
        opacity = (samples != key).any(axis=-1, keepdims=True).astype(float)
    colors = levels[..., [0, 0, 0]] if channels < 3 and kind != _PALETTE else levels[..., :3]
    decoded = decode_image(png(samples, depth, kind, extra, interlaced=interlaced))
    expected = colors * opacity + 255 * (1 - opacity)
    assert np.abs(decoded.pixels - expected).max() < 1.5
