"""Sources of a data set: a folder, an archive and an address."""

import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from core.store import ArtifactStore

COUNTS = {"train": 6, "val": 4}


CLASSES = ("n01440764", "n02102040")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArtifactStore:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    return ArtifactStore.default()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source with six images to train with (one of them grey) and four others."""
    generator = np.random.default_rng(5)
    for part, count in COUNTS.items():
        for number in range(count):
            place = tmp_path / "source" / part / CLASSES[number % 2]
            place.mkdir(parents=True, exist_ok=True)
            pixels = generator.integers(0, 256, (40, 60, 3), dtype=np.uint8)
            image = PIL.Image.fromarray(pixels)
            if (part, number) == ("train", 0):
                image = image.convert("L")
            image.save(place / f"{part}_{number}.JPEG")
    return tmp_path / "source"


@pytest.fixture
def archive(folder: Path) -> Path:
    path = folder.parent / "images.tgz"
    with tarfile.open(path, "w:gz") as opened:
        opened.add(folder, "imagenette2-160")
    return path


@pytest.fixture
def address(archive: Path) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(archive.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{archive.name}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Keeps the test's output clean."""
