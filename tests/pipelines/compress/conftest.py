"""A small learned model and an image in a file."""

from pathlib import Path

import pytest

from core.png import encode_png
from tests.pipelines.compress.compress_runs import GOLDEN, IMAGE


@pytest.fixture(autouse=True)
def _small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(GOLDEN))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(encode_png(IMAGE))
    return path
