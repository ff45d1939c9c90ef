"""What the intake says when it refuses, in one sentence that a visitor understands."""

from dataclasses import dataclass

#: The formats in the words of the sentence that every refusal of a foreign file ends with.
ACCEPTED = "PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF, JPEG 2000, JPEG XR and JPEG XL are accepted"

MEMORY_SENTENCE = "The file is refused: reading it needs more memory than it may take."


#: Processor time that decoding any image may take.
_SECONDS = 5.0


class ImageError(ValueError):
    """An image that is not accepted; the message is one sentence for the person who gave it."""


class IntakeBusy(ImageError):
    """An image that was not looked at, because too many others are being read."""


class DecoderFailed(ImageError):
    """An image whose decoder crashed or took too long, perhaps because the machine is busy."""


@dataclass(frozen=True)
class Limits:
    """How large an image may be, checked before anything is decoded.

    Attributes:
        max_bytes: Most bytes of the file.
        max_pixels: Most pixels (width times height).
        max_seconds: Most processor time that decoding an image of `max_pixels` may take.
    """

    max_bytes: int = 20_000_000
    max_pixels: int = 16_000_000
    max_seconds: float = _SECONDS

    @property
    def max_sample_bytes(self) -> int:
        """Most bytes of decoded samples: four channels of 16 bits at `max_pixels`."""
        return 8 * self.max_pixels

    def memory_bytes(self, pixels: int) -> int:
        """Most memory that decoding an image may take: 300 MB, and 600 MB at 16 megapixels."""
        return 300_000_000 + 300 * pixels * 1_000_000 // 16_000_000

    def processor_seconds(self, pixels: int) -> float:
        """Most processor time that decoding an image may take, by its size."""
        return _SECONDS + (self.max_seconds - _SECONDS) * min(1, pixels / self.max_pixels)

    def check_bytes(self, count: int) -> None:
        """Refuses a file by its length.

        Raises:
            ImageError: The file is longer than `max_bytes`.
        """
        if count > self.max_bytes:
            raise ImageError(
                f"The file is too large: received {count / 1e6:.1f} MB; "
                f"at most {self.max_bytes / 1e6:g} MB are accepted."
            )

    def check_size(self, width: int, height: int) -> None:
        """Refuses an image by the size that its header states.

        Raises:
            ImageError: A side is zero, or there are more than `max_pixels`.
        """
        if width < 1 or height < 1:
            raise ImageError(
                f"The image is empty: received {width} x {height} pixels; at least 1 x 1 is needed."
            )
        if width * height > self.max_pixels:
            raise ImageError(
                f"The image is too large: received {width} x {height} pixels "
                f"({width * height / 1e6:.1f} megapixels); "
                f"at most {self.max_pixels / 1e6:g} megapixels are accepted."
            )

    def check_samples(self, pixels: int, channels: int, bits: int) -> None:
        """Refuses an image whose samples would take too much memory before they are 8-bit RGB.

        Args:
            pixels: Width times height.
            channels: Number of channels, opacity included.
            bits: Bits per sample.

        Raises:
            ImageError: They take more than `max_sample_bytes`.
        """
        needed = pixels * channels * (8 if bits <= 8 else 16 if bits <= 16 else 32 * -(-bits // 32))
        needed //= 8
        if needed > self.max_sample_bytes:
            raise ImageError(
                f"The image is too large: its samples of {bits} bits take {needed / 1e6:.0f} MB; "
                f"at most {self.max_sample_bytes / 1e6:g} MB are accepted."
            )
