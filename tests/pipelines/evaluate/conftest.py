"""Stores and images for the tests of the evaluation."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.store import ArtifactStore
from pipelines.evaluate import step
from pipelines.worker_pool import worker_pool


@pytest.fixture(scope="module", autouse=True)
def _measured_in_threads(request):
    """Threads in place of processes, which would import everything anew.

    `test_cluster` compares with what processes store, and a test of its own with what threads do.
    """
    with pytest.MonkeyPatch.context() as patch:
        if not request.module.__name__.endswith("test_cluster"):
            patch.setattr(step, "worker_pool", ThreadPoolExecutor)
        yield


@pytest.fixture
def in_processes(monkeypatch):
    """Measures in processes after all."""
    monkeypatch.setattr(step, "worker_pool", worker_pool)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    return ArtifactStore.default()


@pytest.fixture
def prepared(store):
    """Store with a data set of six random test images."""
    images = np.random.default_rng(1).integers(0, 256, (6, 90, 90, 3), np.uint8)
    index = pd.DataFrame(
        {
            "id": [f"n01/{number}" for number in range(6)],
            "class_id": "n01",
            "class_name": "noise",
            "split": "test",
            "sha256": [f"{number:064x}" for number in range(6)],
        }
    )
    arrays, table = io.BytesIO(), io.BytesIO()
    np.save(arrays, images)
    index.to_parquet(table)
    files = {"imagenette160/test.npy": arrays, "imagenette160/index.parquet": table}
    contents = {name: file.getvalue() for name, file in files.items()}
    store.commit("datasets/imagenette160", contents, facts={})
    return store


@pytest.fixture
def folder(tmp_path):
    """Folder with images of three sizes in two formats, one of them broken, and a text."""
    path = tmp_path / "images"
    (path / "inner").mkdir(parents=True)
    random = np.random.default_rng(2)
    for name, size in {"a.png": (5, 6), "inner/b.JPG": (97, 131), "c.png": (160, 160)}.items():
        image = Image.fromarray(random.integers(0, 256, (*size, 3), np.uint8))
        image.save(path / name)
    (path / "broken.png").write_bytes((path / "c.png").read_bytes()[:500])
    (path / "notes.txt").write_text("not an image")
    (path / ".hidden.png").write_bytes(b"not an image either")
    return path
