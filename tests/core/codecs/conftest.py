"""Pictures and files that the tests of the codecs share."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest

from core.codecs import CodecFamily, get_family
from core.codecs.base import Codec
from core.images import Image
from core.store import ArtifactStore, MissingArtifact

MakePicture = Callable[[int, int], Image]


@pytest.fixture(scope="session")
def make_picture() -> MakePicture:
    """Picture of any size with the 1/f spectrum and the correlated colours of photographs."""

    @cache
    def picture(height: int, width: int) -> Image:
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

    return picture


@pytest.fixture(scope="session")
def picture(make_picture: MakePicture) -> Image:
    """Picture of the size of the data set."""
    return make_picture(160, 160)


@pytest.fixture(scope="session")
def codecs_of() -> Callable[[CodecFamily], Sequence[Codec]]:
    """Sweep of a family; the test is skipped where its weights are missing."""
    store = ArtifactStore.default()

    def codecs(family: CodecFamily) -> Sequence[Codec]:
        try:
            return family.sweep(store)
        except MissingArtifact as missing:
            pytest.skip(f"{family.name}: {missing}")

    return codecs


@pytest.fixture(scope="session")
def middle_codec(codecs_of: Callable[[CodecFamily], Sequence[Codec]]) -> Callable[[str], Codec]:
    """Codec in the middle of the sweep of a family, by the family's name."""

    def middle(name: str) -> Codec:
        codecs = codecs_of(get_family(name))
        return codecs[len(codecs) // 2]

    return middle


@pytest.fixture(scope="session")
def middle_file(middle_codec: Callable[[str], Codec], picture: Image) -> Callable[[str], bytes]:
    """File of the picture by the codec in the middle of a family's sweep, encoded once."""

    @cache
    def file(name: str) -> bytes:
        return middle_codec(name).encode(picture)

    return file
