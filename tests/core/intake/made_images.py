"""Files and expected levels for the tests of conversions."""

import imagecodecs
import numpy as np


def jpeg_xl(array: np.ndarray, transfer: int = 13) -> bytes:
    """Lossless JPEG XL that declares a transfer function; 13 is that of sRGB, 8 linear light.

    imagecodecs declares linear light for all samples of more than 8 bits.
    """
    data = imagecodecs.jpegxl_encode(array, lossless=True)
    start = data.find(b"\xff\x0a")
    bits = "".join(f"{byte:08b}"[::-1] for byte in data[start : start + 20])
    white_primaries_and_linear = "1010" + "0" + "01" + f"{8 - 2:04b}"[::-1]
    assert bits.count(white_primaries_and_linear) == 1
    declared = white_primaries_and_linear[:-4] + f"{transfer - 2:04b}"[::-1]
    bits = bits.replace(white_primaries_and_linear, declared)
    head = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    return data[:start] + head + data[start + 20 :]


def grey(levels: list[int]) -> np.ndarray:
    """One row of grey pixels."""
    return np.repeat(np.array(levels, np.uint8)[None, :, None], 3, axis=2)


def on_white(pixels: np.ndarray) -> np.ndarray:
    """RGBA over white, rounded to the nearest, by the definition."""
    color, alpha = pixels[..., :3].astype(int), pixels[..., 3:].astype(int)
    return ((color * alpha + 255 * (255 - alpha)) / 255 + 0.5).astype(np.uint8)
