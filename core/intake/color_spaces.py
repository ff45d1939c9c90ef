"""Colour spaces that files declare without an ICC profile, and their conversion to sRGB.

Code points are those of ITU-T H.273 (CICP), which AVIF, HEIC, PNG (`cICP`) and JPEG XL share.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.intake.tone_mapping import hlg_to_display, pq_to_display, tone_map

Floats = NDArray[np.float32]
Chromaticity = tuple[float, float]

D65: Chromaticity = (0.3127, 0.3290)
_C: Chromaticity = (0.310, 0.316)
_E: Chromaticity = (1 / 3, 1 / 3)
DCI: Chromaticity = (0.314, 0.351)

#: Pixels converted at a time, which bounds the memory for intermediate values.
_PIXELS_AT_ONCE = 1 << 18

_ENCODED_LEVELS = 1 << 16

_TELEVISION_GAMMA = 2.4


class Primaries(NamedTuple):
    """Chromaticities (CIE 1931 x, y) of the three colorants and of white."""

    red: Chromaticity
    green: Chromaticity
    blue: Chromaticity
    white: Chromaticity = D65


class ColorSpace(NamedTuple):
    """How samples on 0..1 state colours.

    Attributes:
        primaries: Colorants and white.
        transfer: `srgb`, `linear`, `bt709`, `dci`, `pq`, `hlg`, or `gamma`.
        exponent: Exponent from signal to light where the transfer is `gamma`.
    """

    primaries: Primaries
    transfer: str
    exponent: float = 1.0

    @property
    def is_hdr(self) -> bool:
        """Whether the samples can state light brighter than the white of an ordinary screen."""
        return self.transfer in ("pq", "hlg")


BT709 = Primaries((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_BT601_625 = Primaries((0.640, 0.330), (0.290, 0.600), (0.150, 0.060))
_BT601_525 = Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
BT2020 = Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
P3 = Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))

#: H.273, table 2. Code 2 (unspecified) is taken for BT.709, as browsers do.
PRIMARIES: dict[int, Primaries] = {
    1: BT709,
    2: BT709,
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: _BT601_625,
    6: _BT601_525,
    7: _BT601_525,
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: BT2020,
    10: Primaries((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), _E),
    11: P3._replace(white=DCI),
    12: P3,
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}

#: Camera curves of video (H.273, table 3), which displays never inverted. Browsers show AVIF and
#: HEIC that state one as sRGB, and PNG by the curve of a television (ITU-R BT.1886).
_VIDEO = frozenset({1, 6, 14, 15})

#: H.273, table 3. Code 2 (unspecified) is taken for sRGB, as browsers do.
TRANSFERS: dict[int, tuple[str, float]] = {
    **dict.fromkeys((*_VIDEO, 2, 13), ("srgb", 1.0)),
    4: ("gamma", 2.2),
    5: ("gamma", 2.8),
    8: ("linear", 1.0),
    16: ("pq", 1.0),
    17: ("dci", 1.0),
    18: ("hlg", 1.0),
}

SRGB = ColorSpace(BT709, "srgb")


def from_code_points(
    primaries: int, transfer: int, *, is_video_for_televisions: bool = False
) -> ColorSpace | None:
    """Colour space of two H.273 code points; None where one of them is not known here.

    Args:
        primaries: Code of the primaries.
        transfer: Code of the transfer characteristics.
        is_video_for_televisions: Whether the camera curves of video mean the curve of a
            television, not that of sRGB.
    """
    if primaries not in PRIMARIES or transfer not in TRANSFERS:
        return None
    if is_video_for_televisions and transfer in _VIDEO:
        return ColorSpace(PRIMARIES[primaries], "gamma", _TELEVISION_GAMMA)
    return ColorSpace(PRIMARIES[primaries], *TRANSFERS[transfer])


def matches_srgb(space: ColorSpace) -> bool:
    """Whether conversion moves no colour of a 9x9x9 grid by more than one level."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    moved = convert_to_srgb(grid, space, white_level=255).astype(int)
    return bool(np.abs(moved - grid).max() <= 1)


def convert_to_srgb(
    samples: NDArray[np.generic], space: ColorSpace, *, white_level: float
) -> NDArray[np.uint8]:
    """Samples as 8-bit sRGB, clipped to its gamut; HDR is tone-mapped.

    Args:
        samples: Shape (height, width, 3), unsigned integers or floats.
        space: What the samples state.
        white_level: Sample that means 1.
    """
    converted = np.empty(samples.shape, np.uint8)
    rows = max(1, _PIXELS_AT_ONCE // max(1, samples.shape[1]))
    matrix = _matrix_to_srgb(space.primaries)
    to_light = _tabulated(space, samples.dtype, white_level)
    for start in range(0, samples.shape[0], rows):
        light = to_light(samples[start : start + rows])
        if space.is_hdr:
            light = tone_map(light)
        converted[start : start + rows] = _encode(light @ matrix.T)
    return converted


def _tabulated(
    space: ColorSpace, dtype: np.dtype[np.generic], white_level: float
) -> Callable[[NDArray[np.generic]], Floats]:
    """Function from samples to linear light, through a table where the samples are integers."""

    def compute(samples: NDArray[np.generic]) -> Floats:
        signal = samples.astype(np.float32) / np.float32(white_level)
        return _to_light(np.clip(signal, 0, 1), space).astype(np.float32)

    if dtype.kind != "u" or space.transfer == "hlg":  # the HLG display curve mixes the channels
        return compute
    table = compute(np.arange(1 << 8 * dtype.itemsize))
    return lambda samples: table[samples]


def _to_light(signal: Floats, space: ColorSpace) -> Floats:
    match space.transfer:
        case "linear":
            return signal
        case "gamma":
            return signal**space.exponent
        case "dci":  # SMPTE ST 428-1: 48 cd/m2 of 52.37
            return (signal**2.6 * (52.37 / 48)).astype(np.float32)
        case "bt709":
            return np.where(signal < 0.081, signal / 4.5, ((signal + 0.099) / 1.099) ** (1 / 0.45))
        case "pq":
            return pq_to_display(signal)
        case "hlg":
            return hlg_to_display(signal)
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _encode(light: Floats) -> NDArray[np.uint8]:
    """Levels of sRGB for linear light; 2^16 steps tell the darkest levels apart."""
    indices = np.clip(light, 0, 1) * np.float32(_ENCODED_LEVELS - 1) + np.float32(0.5)
    levels: NDArray[np.uint8] = _encoding()[indices.astype(np.uint16)]
    return levels


@cache
def _encoding() -> NDArray[np.uint8]:
    light = np.arange(_ENCODED_LEVELS) / (_ENCODED_LEVELS - 1)
    signal = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    levels: NDArray[np.uint8] = np.rint(255 * signal).astype(np.uint8)
    return levels


def _matrix_to_srgb(primaries: Primaries) -> Floats:
    """Linear light of these primaries to linear light of sRGB, white to white (Bradford)."""
    adapted = _adaptation(primaries.white, D65) @ _matrix_to_xyz(primaries)
    matrix = np.linalg.solve(_matrix_to_xyz(BT709), adapted)
    return matrix.astype(np.float32)


def _matrix_to_xyz(primaries: Primaries) -> NDArray[np.float64]:
    columns = np.array([(x, y, 1 - x - y) for x, y in primaries[:3]]).T
    return columns * np.linalg.solve(columns, _xyz(primaries.white))


def _xyz(white: Chromaticity) -> NDArray[np.float64]:
    x, y = white
    return np.array([x / y, 1.0, (1 - x - y) / y])


#: Bradford cone response (Lam 1985), as ICC.1:2022, annex E has it.
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def _adaptation(source: Chromaticity, target: Chromaticity) -> NDArray[np.float64]:
    gains = (_BRADFORD @ _xyz(target)) / (_BRADFORD @ _xyz(source))
    return np.asarray(np.linalg.solve(_BRADFORD, gains[:, None] * _BRADFORD))
