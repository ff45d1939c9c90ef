"""The two networks of an autoencoder on images of any size, in tiles where they are large."""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.codecs.onnx_network import OnnxNetwork, Tiling
from core.codecs.trained_model import ModelFiles
from core.entropy.bitstream import MAX_SIDE
from core.entropy.errors import CorruptStream, LimitExceeded
from core.images import Image, crop, pad_to_multiple

#: Bounds the memory of one image: 4 megapixels for `ae80`, whose latent is the largest.
MAX_SYMBOLS = 2**26
_WINDOW_PIXELS = 576
#: Larger than the receptive field of the networks, in pixels of the image.
_MARGIN_PIXELS = 32


@dataclass(frozen=True)
class LatentTransform:
    """Encoder and decoder of an autoencoder whose latent has one position per block of pixels.

    Attributes:
        encoder: Network from pixels to the latent.
        decoder: Network from the latent to pixels in 0..1.
        stride: Pixels per position of the latent, along each side.
    """

    encoder: OnnxNetwork
    decoder: OnnxNetwork
    stride: int

    @classmethod
    def of(cls, model: ModelFiles) -> "LatentTransform":
        """The networks of a trained autoencoder.

        Raises:
            ArtifactError: A file is missing or damaged.
        """
        return cls(
            encoder=model.read("encoder.onnx", OnnxNetwork),
            decoder=model.read("decoder.onnx", OnnxNetwork),
            stride=model.read("card.json", lambda data: int(json.loads(data)["stride"])),
        )

    def latent_size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the latent of an image."""
        return -(-height // self.stride), -(-width // self.stride)

    def check_size(self, channels: int, *, height: int, width: int) -> None:
        """Bounds the size of an image.

        Raises:
            LimitExceeded: Its latent, with so many channels, has more than `MAX_SYMBOLS` values, or
                a side is longer than a file can state.
        """
        if max(height, width) > MAX_SIDE:
            raise LimitExceeded(
                f"This autoencoder takes sides of at most {MAX_SIDE:,} pixels; "
                f"received {width}x{height}."
            )
        rows, columns = self.latent_size(height, width)
        if rows * columns * channels > MAX_SYMBOLS:
            max_pixels = MAX_SYMBOLS // channels * self.stride**2
            raise LimitExceeded(
                f"This autoencoder takes at most {max_pixels / 1e6:.1f} megapixels; "
                f"received {width}x{height}."
            )

    def latent(self, image: Image) -> NDArray[np.float32]:
        """Latent of an image, not quantised, shape (rows, columns, channels)."""
        tiling = Tiling(_WINDOW_PIXELS, _MARGIN_PIXELS, down=self.stride)
        return tiling.run(self.encoder, pad_to_multiple(image, self.stride))

    def image(self, latent: NDArray[np.float32], *, height: int, width: int) -> Image:
        """Image of a latent, cropped to its size.

        Raises:
            CorruptStream: The decoder gives numbers that are not finite.
        """
        stride = self.stride
        tiling = Tiling(_WINDOW_PIXELS // stride, _MARGIN_PIXELS // stride, up=stride)
        pixels = tiling.run(self.decoder, latent)
        if not np.isfinite(pixels).all():
            raise CorruptStream("The file holds values that have no image.")
        levels = np.clip(np.rint(pixels * 255), 0, 255).astype(np.uint8)
        return crop(levels, height=height, width=width)
