"""Images and files that the tests of the codecs share."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest

from core.codecs import Codec, get_codec
from core.codecs.base import OperatingPoint
from core.images import Image
from core.store import ArtifactStore, MissingArtifact

MakeImage = Callable[[int, int], Image]


@pytest.fixture(scope="session")
def make_image() -> MakeImage:
    """Image of any size with the 1/f spectrum and the correlated colours of photographs."""

    @cache
    def image(height: int, width: int) -> Image:
        generator = np.random.default_rng(160)
        down, right = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
        falloff = np.maximum(np.hypot(down, right), 1 / max(height, width)) ** -1.3
        brightness, warmth, tint = (
            np.fft.ifft2(np.fft.fft2(generator.standard_normal((height, width))) * falloff).real
            for _ in range(3)
        )
        channels = (brightness + 0.3 * warmth, brightness, brightness - 0.3 * warmth + 0.1 * tint)
        pixels = np.stack(channels, axis=-1)
        scaled = 128 + 45 * (pixels - pixels.mean()) / max(pixels.std(), 1e-9)
        return np.clip(scaled, 0, 255).astype(np.uint8)

    return image


@pytest.fixture(scope="session")
def image(make_image: MakeImage) -> Image:
    """Image of the size of the data set."""
    return make_image(160, 160)


@pytest.fixture(scope="session")
def points_of() -> Callable[[Codec], Sequence[OperatingPoint]]:
    """Sweep of a codec; the test is skipped where its weights are missing."""
    store = ArtifactStore.default()

    def points(codec: Codec) -> Sequence[OperatingPoint]:
        try:
            return codec.sweep(store)
        except MissingArtifact as missing:
            pytest.skip(f"{codec.name}: {missing}")

    return points


@pytest.fixture(scope="session")
def middle_point(
    points_of: Callable[[Codec], Sequence[OperatingPoint]],
) -> Callable[[str], OperatingPoint]:
    """Codec in the middle of the sweep of a codec, by the codec's name."""

    def middle(name: str) -> OperatingPoint:
        points = points_of(get_codec(name))
        return points[len(points) // 2]

    return middle


@pytest.fixture(scope="session")
def middle_file(
    middle_point: Callable[[str], OperatingPoint], image: Image
) -> Callable[[str], bytes]:
    """File of the image by the codec in the middle of a codec's sweep, encoded once."""

    @cache
    def file(name: str) -> bytes:
        return middle_point(name).encode(image)

    return file
