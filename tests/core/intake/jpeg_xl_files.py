"""JPEG XL files whose headers are written bit by bit."""

import numpy as np

from core.intake.jpeg_xl_header import _Bits, _read_metadata, _read_size

PATCHES = np.array(
    [(200, 80, 60), (70, 150, 80), (60, 90, 180), (128, 128, 128), (220, 180, 120), (30, 60, 40)],
    np.uint8,
)


IMAGE = np.repeat(np.tile(PATCHES, (32, 1, 1)), 16, axis=1)


#: With opacity, so that the encoder writes its metadata in full.
OPAQUE = np.dstack([IMAGE, np.full((32, 96), 255, np.uint8)])


def shown(pixels: np.ndarray) -> np.ndarray:
    """The centre of each patch."""
    return pixels[8, 8::16].astype(int)


def assert_close(pixels: np.ndarray, expected: np.ndarray, tolerance: int = 2) -> None:
    assert np.abs(shown(pixels) - expected).max() <= tolerance


def to_bits(data: bytes) -> str:
    return "".join(f"{byte:08b}"[::-1] for byte in data)


def to_bytes(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))


def bare(data: bytes) -> bytes:
    """The codestream of a file of imagecodecs."""
    return data[data.find(b"\xff\x0a") :]


def choice(value: int) -> str:
    """An enumerated value as the codestream writes it."""
    if value < 2:
        return f"{value:02b}"[::-1]
    return "01" + f"{value - 2:04b}"[::-1] if value < 18 else "11" + f"{value - 18:06b}"[::-1]


def colors(
    *,
    white: int = 1,
    primaries: int = 1,
    transfer: int = 13,
    is_grey: bool = False,
    intent: int = 0,
) -> str:
    """Field of the colours: RGB or grey, white, primaries, transfer, rendering intent."""
    space = choice(1 if is_grey else 0) + choice(white) + ("" if is_grey else choice(primaries))
    return "0" + "0" + space + "0" + choice(transfer) + choice(intent)


class Parts:
    """A codestream of imagecodecs taken apart at its field of the colours."""

    def __init__(self, stream: bytes) -> None:
        reader = _Bits(stream)
        reader.read(16)
        width, height = _read_size(reader)
        assert not reader.read(1)
        header = _read_metadata(reader, width, height)
        self.bits = to_bits(stream)
        self.colors_start = next(
            start
            for start in range(17, reader.position)
            if self._ends_before_colors(start, width, height, header.is_xyb)
        )
        colors_end = reader.position
        self.rest_end = colors_end + 2 + 1  # no extensions, default transform
        assert self.bits[colors_end : self.rest_end] == "001"
        self.frames = self.bits[-(-self.rest_end // 8) * 8 :]

    def _ends_before_colors(self, start: int, width: int, height: int, is_xyb: bool) -> bool:
        """Whether everything before the colours ends here: with all-default colours it parses."""
        reader = _Bits(to_bytes(self.bits[:start] + "1" + "0" * 64))
        reader.position = 16
        _read_size(reader)
        reader.read(1)
        try:
            header = _read_metadata(reader, width, height)
        except ValueError:
            return False
        return reader.position == start + 1 and header.is_xyb == is_xyb

    def with_colors(self, field: str, profile: str = "") -> bytes:
        """The same frames with other colours."""
        head = self.bits[: self.colors_start] + field + "001" + profile
        return to_bytes(head) + to_bytes(self.frames)
