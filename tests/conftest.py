"""Order and processes of all tests; codecs of a user's own; smooth curves for charts."""

import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import core.codecs
from core.evaluation.measurements import Measurements

AddCodec = Callable[[str, str], None]
Measured = Callable[..., Measurements]

# Of every process that is started from here, those that run the tests included: several run beside
# each other, so threads would only wait for cores, and a test computes less than XLA optimises.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the files with slow tests first.

    On several cores a file stays with one: a long file at the end would leave the others idle.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture
def add_codec(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> Iterator[AddCodec]:
    """Adds a codec as a user does, by one file: `add_codec("mine", source)`."""
    folder: Path = tmp_path_factory.mktemp("codecs")
    added: list[str] = []

    def forget_what_was_found() -> None:
        core.codecs._discovery.cache_clear()
        core.codecs._codecs.cache_clear()

    def add(name: str, source: str) -> None:
        (folder / f"{name}.py").write_text(textwrap.dedent(source))
        added.append(name)
        forget_what_was_found()

    with monkeypatch.context() as patch:
        patch.setattr(core.codecs, "__path__", [*core.codecs.__path__, str(folder)])
        yield add
    for name in added:
        sys.modules.pop(f"core.codecs.{name}", None)
        vars(core.codecs).pop(name, None)
    forget_what_was_found()


@pytest.fixture
def measured() -> Measured:
    """Makes measurements: `measured("jpeg", factor=2)` takes twice the bits of the default."""

    def make(
        codec: str, *, factor: float = 1.0, gain: float = 0.0, images: int = 50, noise: float = 0
    ) -> Measurements:
        rates = np.geomspace(0.3, 3, 6)
        difficulty = np.linspace(-1, 1, images)[:, None]
        own = np.random.default_rng(3).normal(0, noise, (images, 1)) if noise else 0
        return Measurements(
            codec=codec,
            metric="psnr_db",
            images=np.array([f"image-{number:03d}" for number in range(images)]),
            settings=tuple(f"quality={10 * step}" for step in range(1, 7)),
            bits_per_pixel=rates * factor * 2 ** (difficulty + own),
            values=30 + gain + 5 * np.log2(rates) - 2 * difficulty,
            dropped=0,
        )

    return make


@pytest.fixture
def three_codecs(measured: Measured) -> dict[str, Measurements]:
    """Three codecs: WebP takes half the bits of JPEG, with noise, and AVIF a quarter."""
    return {
        "jpeg": measured("jpeg"),
        "webp": measured("webp", factor=0.5, noise=0.3),
        "avif": measured("avif", factor=0.25),
    }
