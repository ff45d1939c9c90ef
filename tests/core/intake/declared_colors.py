"""Files that declare their colours, and what LittleCMS makes of the same curves and primaries."""

import io
import struct

import imagecodecs
import numpy as np
from PIL import Image, ImageCms

from core.intake.color_spaces import (
    BT709,
    BT2020,
    P3,
    Primaries,
)
from tests.core.intake.image_files import chunk

PATCHES = np.array(
    [(200, 80, 60), (70, 150, 80), (60, 90, 180), (128, 128, 128), (220, 180, 120), (30, 60, 40)],
    np.uint8,
)


#: Patches of 16 x 32 pixels side by side.
IMAGE = np.repeat(np.tile(PATCHES, (32, 1, 1)), 16, axis=1)


def shown(pixels: np.ndarray) -> np.ndarray:
    """The centre of each patch."""
    return pixels[8, 8::16].astype(int)


def curve_profile(primaries: Primaries, levels: np.ndarray) -> bytes:
    """ICC profile (version 2) of D65 primaries whose curve is a table of light on 0..1."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries[:3]]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    to_xyz = columns * np.linalg.solve(columns, white)
    cone = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    )
    d50 = np.array([0.9642, 1, 0.8249])
    adapted = np.linalg.inv(cone) @ np.diag((cone @ d50) / (cone @ white)) @ cone @ to_xyz

    def xyz(values: np.ndarray) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    table = np.rint(65535 * levels).astype(">u2")
    curve = b"curv\0\0\0\0" + struct.pack(">I", len(table)) + table.tobytes()
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(79)
    parts = [(b"desc", text), (b"cprt", b"text\0\0\0\0free\0\0\0\0"), (b"wtpt", xyz(d50))]
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    parts += [(name, xyz(column)) for name, column in zip(names, adapted.T, strict=True)]
    parts += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    start, directory, body = 132 + 12 * len(parts), struct.pack(">I", len(parts)), b""
    for name, content in parts:
        content += bytes(-len(content) % 4)
        directory += name + struct.pack(">II", start + len(body), len(content))
        body += content
    head = struct.pack(">I4sI", start + len(body), b"lcms", 0x02100000) + b"mntrRGB XYZ "
    head += bytes(12) + b"acsp" + bytes(28) + xyz(d50)[8:]
    return head.ljust(128, b"\0") + directory + body


SIGNAL = np.linspace(0, 1, 4096)


CURVES: dict[str, np.ndarray] = {
    "srgb": np.where(SIGNAL <= 0.04045, SIGNAL / 12.92, ((SIGNAL + 0.055) / 1.055) ** 2.4),
    "linear": SIGNAL,
    "gamma 1.8": SIGNAL**1.8,
    "gamma 2.2": SIGNAL**2.2,
    "gamma 2.4": SIGNAL**2.4,
    "gamma 2.8": SIGNAL**2.8,
    "bt709": np.where(SIGNAL < 0.081, SIGNAL / 4.5, ((SIGNAL + 0.099) / 1.099) ** (1 / 0.45)),
}


def by_littlecms(primaries: Primaries, curve: str, samples: np.ndarray = IMAGE) -> np.ndarray:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(curve_profile(primaries, CURVES[curve])))
    converted = ImageCms.profileToProfile(
        Image.fromarray(samples), profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None
    return shown(np.asarray(converted))


def assert_close(pixels: np.ndarray, expected: np.ndarray, tolerance: int = 2) -> None:
    assert np.abs(shown(pixels) - expected).max() <= tolerance


CODE_POINTS = [
    (1, 8, BT709, "linear"),
    (1, 4, BT709, "gamma 2.2"),
    (1, 5, BT709, "gamma 2.8"),
    (12, 13, P3, "srgb"),
    (12, 8, P3, "linear"),
    (9, 13, BT2020, "srgb"),
    (9, 8, BT2020, "linear"),
]


def avif(primaries: int, transfer: int, **options: object) -> bytes:
    """AVIF whose box `colr` states these code points."""
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "AVIF", quality=100, subsampling="4:4:4", **options)
    data = bytearray(buffer.getvalue())
    position = data.index(b"nclx")
    struct.pack_into(">HH", data, position + 4, primaries, transfer)
    return bytes(data)


def png(*chunks: bytes, image: Image.Image | None = None) -> bytes:
    buffer = io.BytesIO()
    (image or Image.fromarray(IMAGE)).save(buffer, "PNG")
    data = buffer.getvalue()
    return data[:33] + b"".join(chunks) + data[33:]


def png_16(*chunks: bytes) -> bytes:
    data = imagecodecs.png_encode(IMAGE.astype(np.uint16) * 257)
    return data[:33] + b"".join(chunks) + data[33:]


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


def gamma(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))


def chromaticities(primaries: Primaries) -> bytes:
    values = [value for xy in (primaries.white, *primaries[:3]) for value in xy]
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values)))
